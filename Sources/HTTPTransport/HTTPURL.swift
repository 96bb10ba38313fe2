public import Language
import NetworkTypes

/// An absolute address of the web (RFC 3986) that can be printed: user and password in it are refused.
///
/// It is taken literally. What is not allowed in an address is an error and not repaired, so that the
/// address in a preview is the address that is asked.
public struct HTTPURL: Hashable, Sendable {
  public enum Scheme: String, Sendable, Codable {
    case http
    case https
  }

  public let scheme: Scheme
  /// Lower case; an IPv6 address stands without brackets.
  public let host: String
  public let port: UInt16
  /// Path and query as they stand in the request line; begins with `/`.
  public let target: String

  static let longest = 8192

  public init(_ text: String) throws(HTTPURLError) {
    guard text.utf8.count <= Self.longest else { throw .tooLong }
    guard let separator = text.firstRange(of: "://"),
      let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
    else { throw .scheme }
    let rest = text[separator.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.contains("@") else { throw .userInformation }
    let target = rest[authority.endIndex...]
    guard !target.contains("#") else { throw .fragment }
    (host, port) = try Self.hostAndPort(authority, scheme)
    guard target.utf8.allSatisfy(Self.mayStandInTarget) else { throw .character }
    self.scheme = scheme
    self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
  }

  /// The same address with a path and a query instead of its own. Values are percent-encoded; in a path
  /// the slashes stay.
  public func asking(
    _ path: String, query: [(name: String, value: String)] = []
  ) throws(HTTPURLError) -> HTTPURL {
    var text = origin + (path.hasPrefix("/") ? "" : "/")
    text += PercentEncoding.encoded(path, keeping: "/:@!$'()*+,;=")
    let pairs = query.map { "\(PercentEncoding.encoded($0.name))=\(PercentEncoding.encoded($0.value))" }
    if !pairs.isEmpty { text += "?" + pairs.joined(separator: "&") }
    return try HTTPURL(text)
  }

  /// What stands in the field `Host`.
  public var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == Self.standardPort(scheme) ? name : "\(name):\(port)"
  }

  /// Scheme, host and port: who is asked.
  public var origin: String { "\(scheme.rawValue)://\(authority)" }

  /// The address without its query, for messages: a query may hold what is nobody else's business.
  public var withoutQuery: String { origin + target.prefix { $0 != "?" } }

  private static func standardPort(_ scheme: Scheme) -> UInt16 { scheme == .https ? 443 : 80 }

  private static func hostAndPort(
    _ authority: Substring, _ scheme: Scheme
  ) throws(HTTPURLError) -> (String, UInt16) {
    var host: Substring
    var rest: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .host }
      host = authority[authority.index(after: authority.startIndex)..<end]
      rest = authority[authority.index(after: end)...]
      guard host.contains(":"), IPAddress(String(host)) != nil else { throw .host }
    } else {
      host = authority.prefix { $0 != ":" }
      rest = authority[host.endIndex...]
      guard isHostName(host) else { throw .host }
    }
    guard !rest.isEmpty else { return (host.lowercased(), standardPort(scheme)) }
    rest.removeFirst()
    guard rest.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = UInt16(rest), port != 0
    else { throw .port }
    return (host.lowercased(), port)
  }

  /// ASCII labels, or a dotted address. Names such as `0x7f.1` that some resolvers take for an address
  /// are refused.
  private static func isHostName(_ host: Substring) -> Bool {
    guard !host.isEmpty, host.utf8.count <= 253 else { return false }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard let last = labels.last, let first = last.utf8.first else { return false }
    if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) { return IPAddress(String(host)) != nil }
    return labels.allSatisfy { label in
      !label.isEmpty && label.utf8.count <= 63
        && label.utf8.allSatisfy {
          PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") && $0 != UInt8(ascii: ".")
        }
    }
  }

  /// What RFC 3986 reserves and allows in paths and queries; brackets, because devices use them.
  private static let reserved = Set("%/?:@!$&'()*+,;=[]".utf8)

  private static func mayStandInTarget(_ byte: UInt8) -> Bool {
    PercentEncoding.isUnreserved(byte) || reserved.contains(byte)
  }
}

extension HTTPURL: CustomStringConvertible {
  public var description: String { origin + target }
}

/// What is wrong with an address. Does not hold the address: it may contain a password.
public enum HTTPURLError: String, Error, Sendable, Codable, CaseIterable {
  case scheme
  case userInformation
  case fragment
  case host
  case port
  case character
  case tooLong

  public var message: Phrase {
    switch self {
    case .scheme:
      Phrase(en: "The address must begin with https:// or http://.", ja: "URL は https:// か http:// で始めてください。")
    case .userInformation:
      Phrase(
        en: "The address holds a user or password. Set these as credentials; an address is printed.",
        ja: "URL にユーザー名やパスワードを含めないでください。URL は表示されるため、認証情報の設定を使ってください。")
    case .fragment:
      Phrase(
        en: "The address has a fragment (#), which is never sent. Leave it out.",
        ja: "URL のフラグメント（#）は送信されません。取り除いてください。")
    case .host:
      Phrase(
        en: "The host in the address is neither a name of ASCII labels nor an IP address.",
        ja: "URL のホストが、ASCII のホスト名でも IP アドレスでもありません。")
    case .port:
      Phrase(en: "The port in the address is not 1 to 65535.", ja: "URL のポート番号は 1〜65535 で指定してください。")
    case .character:
      Phrase(
        en: "The address has a character that must be percent-encoded.",
        ja: "URL にパーセントエンコードが必要な文字が含まれています。")
    case .tooLong:
      Phrase(
        en: "The address is longer than \(HTTPURL.longest) bytes.", ja: "URL が \(HTTPURL.longest) バイトを超えています。"
      )
    }
  }
}
