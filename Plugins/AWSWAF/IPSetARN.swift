/// An IP set of WAFv2 as AWS names it, with everything a request must say about it:
/// `arn:aws:wafv2:REGION:ACCOUNT:regional/ipset/NAME/ID`, or `global/…` for CloudFront.
public struct IPSetARN: Sendable, Hashable, LosslessStringConvertible {
  public let description: String
  /// `aws`, `aws-cn` or `aws-us-gov`.
  let partition: String
  /// Where it is asked for; that of a global one is `us-east-1`.
  let region: String
  let account: String
  /// For CloudFront.
  let isGlobal: Bool
  let name: String
  let id: String

  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[0] == "arn", parts[2] == "wafv2",
      Self.isWord(parts[1]), Self.isWord(parts[3]), Self.isWord(parts[4]),
      parts[1].hasPrefix("aws"), parts[3].utf8.allSatisfy({ $0 != UInt8(ascii: "_") })
    else { return nil }
    let path = parts[5].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard path.count == 4, path[0] == "regional" || path[0] == "global", path[1] == "ipset",
      Self.isWord(path[2]), Self.isWord(path[3])
    else { return nil }
    description = text
    (partition, region, account) = (parts[1], parts[3], parts[4])
    isGlobal = path[0] == "global"
    (name, id) = (path[2], path[3])
  }

  /// What the API calls the place of a set.
  var scope: String { isGlobal ? "CLOUDFRONT" : "REGIONAL" }

  /// Nothing that would have to be escaped in JSON or in a host's name; at most 128 characters.
  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 128
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
