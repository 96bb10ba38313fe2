import Language
import NetworkTypes

/// Refuses a block that shares an address with a protected network.
///
/// `ProtectedNetwork.always` counts whatever the policy says, then the policy's own list, then those
/// of the context.
public struct ProtectedNetworks: PolicyRule {
  private let list: ProtectedNetworkList

  public init(_ networks: [ProtectedNetwork]) {
    list = ProtectedNetworkList(networks + ProtectedNetwork.always)
  }

  public var name: String { "protected-networks" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    guard case .prefix(let target) = request.target else { return .permits }
    // The context first: “the address of this machine” tells more than “a private network”.
    let hit = context.protected.overlaps(target) ? context.protected : list.overlaps(target) ? list : nil
    guard let hit else { return .permits }
    return .refuses(
      because: Reason(writing: {
        guard let network = hit.mostTelling(about: target) else {
          preconditionFailure("the index found an overlap that the list does not have")
        }
        return Self.sentence(target: target, network: network)
      }))
  }

  private static func sentence(target: IPPrefix, network: ProtectedNetwork) -> Phrase {
    if network.prefix == target {
      return Phrase(
        en: "\(target) is protected: \(network.because.en).", ja: "\(target) は保護対象です（\(network.because.ja)）。")
    }
    return network.prefix.contains(target)
      ? Phrase(
        en: "\(target) lies in the protected network \(network.prefix): \(network.because.en).",
        ja: "\(target) は保護対象ネットワーク \(network.prefix)（\(network.because.ja)）の中にあります。")
      : Phrase(
        en: """
          \(target) would also block \(network.prefix), which is protected: \(network.because.en). \
          Block a smaller range beside it.
          """,
        ja: """
          \(target) を遮断すると、保護対象の \(network.prefix)（\(network.because.ja)）も止まります。\
          これを含まない、より狭い範囲を指定してください。
          """)
  }
}
