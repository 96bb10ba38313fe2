import DeviceRequests
import FirewallKit
import FoundationEssentials
import HTTPTransport
import Language
import NetworkTypes

/// The answers of the REST API v2, as lists and as a state. Pure.
struct FortiOSReader {
  let settings: FortiOSSettings

  /// A banned address.
  struct Ban: Decodable {
    var address: String
    /// Seconds since 1970 by the device's clock; 0 for never.
    var expires: Int64

    enum CodingKeys: String, CodingKey {
      case expires
      case address = "ip_address"
    }
  }

  /// What is banned, and what time it was for the device.
  struct Bans {
    var list: [Ban]
    var deviceTime: Int64
  }

  /// An external resource as it is configured.
  private struct Feed: Decodable {
    var name: String
    var type: String?
    var status: String?
    var method: String?
    var comments: String?

    enum CodingKeys: String, CodingKey {
      case name, type, status, comments
      case method = "update-method"
    }
  }

  private struct EntryList: Decodable {
    struct Entry: Decodable {
      var entry: String
      var valid: Bool?
    }
    var entries: [Entry]
  }

  private struct DeviceTime: Decodable { var time: Int64 }
  private struct Results<Content: Decodable>: Decodable {
    var status: String
    var results: Content
  }

  /// The moment that a ban without an end is read back with: later than every deadline of ours.
  static let never = Timestamp(seconds: 253_402_300_799)

  // MARK: Answers

  /// Returns when an answer is a success; throws what the device said otherwise.
  func success(_ answer: DeviceAnswer) throws(AdapterError) {
    guard
      let envelope = try? JSONDecoder().decode(FortiOSRefusal.Envelope.self, from: Data(answer.body)),
      envelope.status == "success" || envelope.status == "error"
    else {
      guard answer.isSuccess else { throw answer.refusal() }
      throw answer.unreadable(
        Phrase(en: "it is no answer of the REST API", ja: "REST API の応答ではありません"))
    }
    guard answer.isSuccess, envelope.status == "success" else {
      throw FortiOSRefusal(envelope, answer).error
    }
  }

  /// Whether the device says that what was to be taken away is not there.
  func saysMissing(_ answer: DeviceAnswer) -> Bool {
    guard let envelope = try? JSONDecoder().decode(FortiOSRefusal.Envelope.self, from: Data(answer.body))
    else { return false }
    return envelope.status == "error" && FortiOSRefusal(envelope, answer).saysMissing
  }

  private func results<Content: Decodable>(
    _ answer: DeviceAnswer, _ type: Content.Type
  ) throws(AdapterError) -> Content {
    // Long lists are decoded once: only what is no success is looked at again, for the device's words.
    if let found = try? JSONDecoder().decode(Results<Content>.self, from: Data(answer.body)),
      answer.isSuccess, found.status == "success"
    {
      return found.results
    }
    try success(answer)
    throw answer.unreadable(
      Phrase(en: "its results are not what was asked for", ja: "results が求めたものではありません"))
  }

  func bans(_ answer: DeviceAnswer) throws(AdapterError) -> [Ban] { try results(answer, [Ban].self) }

  func time(_ answer: DeviceAnswer) throws(AdapterError) -> Int64 {
    let time = try results(answer, DeviceTime.self).time
    // From 2000 to 9999: what is outside is no clock.
    guard (946_684_800...253_402_300_799).contains(time) else {
      throw answer.unreadable(Phrase(en: "its time is impossible", ja: "時刻が不正です"))
    }
    return time
  }

  /// What a feed holds.
  func entries(_ answer: DeviceAnswer, of feed: String) throws(AdapterError) -> Set<IPPrefix> {
    let list = try results(answer, EntryList.self).entries
    var prefixes = Set<IPPrefix>(minimumCapacity: list.count)
    for entry in list {
      guard let prefix = IPPrefix(entry.entry), entry.valid ?? true else {
        throw AdapterError(
          code: .unreadable,
          message: Phrase(
            en: "The feed \(feed) of \(settings.endpoint.url.origin) holds what is neither an address nor a "
              + "network. Remove it from the feed, or give us a feed of our own.",
            ja: "\(settings.endpoint.url.origin) のフィード \(feed) に、アドレスでもネットワークでもないものがあります。"
              + "フィードから取り除くか、本製品専用のフィードを用意してください。"),
          detail: answer.redact(String(entry.entry.prefix(200))))
      }
      prefixes.insert(prefix)
    }
    return prefixes
  }

  // MARK: The feeds

  /// That both feeds are there, ours, and such that they can be pushed to.
  func checkFeeds(_ answer: DeviceAnswer) throws(AdapterError) {
    let feeds = try results(answer, [Feed].self)
    if let envelope = try? JSONDecoder().decode(FortiOSRefusal.Envelope.self, from: Data(answer.body)),
      let version = envelope.version, Self.isTooOld(version)
    {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "Feeds can be pushed to from FortiOS 7.2.1 on. Update the FortiGate.",
          ja: "フィードへのプッシュには FortiOS 7.2.1 以降が必要です。FortiGate を更新してください。"),
        detail: answer.redact(version))
    }
    for name in [settings.feed, settings.allowFeed] {
      guard let feed = feeds.first(where: { $0.name == name }) else {
        throw error(
          .unavailable, name,
          Phrase(en: "does not exist in the VDOM \(settings.domain)", ja: "VDOM \(settings.domain) にありません"))
      }
      guard feed.comments == FortiOSSettings.mark else {
        throw error(
          .foreign, name,
          Phrase(
            en: "does not have the comment “\(FortiOSSettings.mark)”, so it is somebody else's",
            ja: "コメントが「\(FortiOSSettings.mark)」ではないため、ほかの用途のものとみなします"),
          detail: answer.redact(String((feed.comments ?? "").prefix(200))))
      }
      guard feed.type == "address", feed.method == "push" else {
        throw error(
          .unavailable, name,
          Phrase(
            en: "is not of the type address with the update method push",
            ja: "種別が address、更新方法が push のものではありません"))
      }
      guard feed.status ?? "enable" == "enable" else {
        throw error(.unavailable, name, Phrase(en: "is disabled", ja: "無効になっています"))
      }
    }
  }

  static func isTooOld(_ version: String) -> Bool {
    let parts = version.drop { $0 == "v" }.split(separator: ".").compactMap { Int($0) }
    return parts.count == 3 && parts.lexicographicallyPrecedes([7, 2, 1])
  }

  private func error(
    _ code: AdapterError.Code, _ feed: String, _ reason: Phrase, detail: String = ""
  ) -> AdapterError {
    AdapterError(
      code: code,
      message: Phrase(
        en: "The external resource \(feed) \(reason.en). Configure it as the README of the adapter shows.",
        ja: "外部リソース \(feed) は、\(reason.ja)。アダプターの README に従って設定してください。"),
      detail: detail)
  }

  // MARK: The state

  /// What is ours.
  /// - Parameter bans: `nil` where the feed itself blocks.
  func state(
    feed: Set<IPPrefix>, allowed: Set<IPPrefix>, bans: Bans?, at moment: Timestamp
  ) throws(AdapterError) -> FirewallState {
    var state = FirewallState(readAt: moment, allowed: allowed)
    state.blocks.reserveCapacity(feed.count)
    var ended: Set<IPPrefix> = []
    if let bans {
      // Others' bans may be of what we do not know; ours are addresses.
      let expiries = Dictionary(
        bans.list.compactMap { ban in IPAddress(ban.address).map { ($0, ban.expires) } },
        uniquingKeysWith: { $1 })
      for prefix in feed {
        if prefix.isHost, let expires = expiries[prefix.address] {
          state.blocks[.prefix(prefix)] = Self.deadline(expires, deviceTime: bans.deviceTime, at: moment)
        } else {
          ended.insert(prefix)
        }
      }
    } else {
      for prefix in feed { state.blocks[.prefix(prefix)] = .untimed }
    }
    if !state.isEmpty || !ended.isEmpty {
      state.scaffold = FortiOSDialect(settings: settings).scaffold(ended: ended)
    }
    return state
  }

  /// Our deadline for a ban.
  private static func deadline(_ expires: Int64, deviceTime: Int64, at moment: Timestamp) -> Timestamp {
    let (remaining, isTooFar) = expires.subtractingReportingOverflow(deviceTime)
    guard expires != 0, !isTooFar, abs(remaining) < 1 << 36 else { return never }
    return DeviceTimer.deadline(remaining: .seconds(remaining), at: moment)
  }
}
