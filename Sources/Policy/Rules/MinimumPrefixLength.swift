import Language
import NetworkTypes

/// Refuses a block of more addresses than the policy lets one block hold.
public struct MinimumPrefixLength: PolicyRule {
  /// The shortest prefix that may be blocked, 0...32.
  public let ipv4: Int
  /// The shortest prefix that may be blocked, 0...128.
  public let ipv6: Int

  public init(ipv4: Int, ipv6: Int) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
  }

  public var name: String { "minimum-prefix-length" }

  public func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer {
    guard case .prefix(let target) = request.target else { return .permits }
    let minimum = target.isIPv4 ? ipv4 : ipv6
    if target.length >= minimum { return .permits }
    let family = target.isIPv4 ? "IPv4" : "IPv6"
    return .refuses(
      because: Reason(
        Phrase(
          en: """
            \(target) is larger than one block may be: at least /\(minimum) for \(family). \
            Block the smaller ranges that are meant.
            """,
          ja: """
            \(target) は 1 件の遮断としては広すぎます（\(family) は /\(minimum) 以上）。\
            対象をより狭い範囲で指定してください。
            """)))
  }
}
