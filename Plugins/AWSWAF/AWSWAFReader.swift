import FirewallKit
import FoundationEssentials
import HTTPTransport
import Language
import NetworkTypes

/// The answers of the API, as sets and as a state. Pure.
struct AWSWAFReader {
  let settings: AWSWAFSettings

  /// What is in a set, and what an update of just that must say.
  struct Content: Equatable {
    var addresses: Set<IPPrefix>
    var lockToken: String
  }

  private struct Answer: Decodable {
    struct IPSet: Decodable {
      var description: String?
      var version: String
      var addresses: [String]

      enum CodingKeys: String, CodingKey {
        case description = "Description"
        case version = "IPAddressVersion"
        case addresses = "Addresses"
      }
    }
    var set: IPSet
    var lockToken: String

    enum CodingKeys: String, CodingKey {
      case set = "IPSet"
      case lockToken = "LockToken"
    }
  }

  /// Reads the answer to `GetIPSet`. Throws `foreign` when the set lacks our mark.
  func content(_ body: [UInt8], of role: IPSetRole) throws(AdapterError) -> Content {
    let arn = settings.arn(role)
    let answer: Answer
    do {
      answer = try JSONDecoder().decode(Answer.self, from: Data(body))
    } catch {
      throw unreadable(arn, String(decoding: body.prefix(200), as: UTF8.self))
    }
    guard answer.set.description == IPSetRole.mark else {
      throw AdapterError(
        code: .foreign,
        message: Phrase(
          en: "The IP set \(arn.name) is not described as “\(IPSetRole.mark)”: it is somebody else's, and "
            + "what is in it would be removed. Name a set that is ours alone (\(role.rawValue)).",
          ja: "IP セット \(arn.name) の説明が「\(IPSetRole.mark)」ではありません。ほかの用途のものと思われ、中の項目が削除される"
            + "恐れがあります。本製品専用のセットを指定してください（\(role.rawValue)）。"),
        detail: answer.set.description ?? "")
    }
    guard answer.set.version == role.version else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en:
            "The IP set \(arn.name) is of \(answer.set.version); \(role.rawValue) needs one of \(role.version).",
          ja: "IP セット \(arn.name) は \(answer.set.version) のものです。\(role.rawValue) には \(role.version) のものが必要です。"
        ))
    }
    guard Self.isToken(answer.lockToken) else { throw unreadable(arn, "LockToken: \(answer.lockToken)") }
    var addresses = Set<IPPrefix>(minimumCapacity: answer.set.addresses.count)
    for text in answer.set.addresses {
      guard let prefix = IPPrefix(text), prefix.isIPv4 == role.isIPv4 else { throw unreadable(arn, text) }
      addresses.insert(prefix)
    }
    return Content(addresses: addresses, lockToken: answer.lockToken)
  }

  /// It goes into a request as it came.
  private static func isToken(_ text: String) -> Bool {
    (1...36).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// Whether this is the answer to an update that took effect.
  static func confirms(_ body: [UInt8]) -> Bool {
    (try? JSONDecoder().decode([String: String].self, from: Data(body)))?["NextLockToken"] != nil
  }

  func state(_ contents: [IPSetRole: Content], at moment: Timestamp) -> FirewallState {
    var state = FirewallState(readAt: moment)
    for (role, content) in contents {
      if role.isBlock {
        for prefix in content.addresses { state.blocks[.prefix(prefix)] = .untimed }
      } else {
        state.allowed.formUnion(content.addresses)
      }
    }
    if !state.isEmpty { state.scaffold = AWSWAFDialect.scaffold }
    return state
  }

  func unreadable(_ arn: IPSetARN, _ detail: String) -> AdapterError {
    AdapterError(
      code: .unreadable,
      message: Phrase(
        en:
          "The answer of \(settings.endpoint.origin) about the IP set \(arn.name) cannot be understood. Is it "
          + "the API of AWS WAF?",
        ja: "IP セット \(arn.name) についての \(settings.endpoint.origin) の応答を解釈できません。AWS WAF の API かどうか確認してください。"),
      detail: detail)
  }
}
