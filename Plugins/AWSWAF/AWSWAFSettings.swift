public import ConfigurationFile
public import HTTPTransport
import Language
import NetworkTypes

/// What the configuration may say about IP sets of AWS WAF.
public struct AWSWAFSettings: Sendable, Equatable {
  /// The four sets, made and put into a rule by whoever owns the web ACL.
  public var blockIPv4: IPSetARN
  public var blockIPv6: IPSetARN
  public var allowIPv4: IPSetARN
  public var allowIPv6: IPSetARN
  /// Not secret: AWS writes it into each signature.
  public var accessKeyID: String
  public var secretAccessKey: SecretReference
  /// For temporary credentials.
  public var sessionToken: SecretReference?
  public var endpoint: HTTPURL
  /// PEM file with the authorities that are trusted instead of the system's, for an endpoint of one's own.
  public var authorityFile: String?
  /// AWS takes one change a second in an account and region; less where others change IP sets too.
  public var updatesPerSecond: Double

  public init(
    blockIPv4: IPSetARN, blockIPv6: IPSetARN, allowIPv4: IPSetARN, allowIPv6: IPSetARN,
    accessKeyID: String, secretAccessKey: SecretReference, sessionToken: SecretReference? = nil,
    endpoint: HTTPURL, authorityFile: String? = nil, updatesPerSecond: Double = 1
  ) {
    self.blockIPv4 = blockIPv4
    self.blockIPv6 = blockIPv6
    self.allowIPv4 = allowIPv4
    self.allowIPv6 = allowIPv6
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.endpoint = endpoint
    self.authorityFile = authorityFile
    self.updatesPerSecond = updatesPerSecond
  }

  func arn(_ role: IPSetRole) -> IPSetARN {
    switch role {
    case .blockIPv4: blockIPv4
    case .blockIPv6: blockIPv6
    case .allowIPv4: allowIPv4
    case .allowIPv6: allowIPv6
    }
  }

  /// Where the API of a region answers.
  static func standardEndpoint(_ arn: IPSetARN) -> HTTPURL? {
    let domain = arn.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"
    return try? HTTPURL("https://wafv2.\(arn.region).\(domain)/")
  }

  /// On this host: plain text goes no further, and no proxy is asked.
  var isLoopback: Bool { Self.isLoopback(endpoint) }

  private static func isLoopback(_ url: HTTPURL) -> Bool {
    guard let address = IPAddress(url.host) else { return url.host == "localhost" }
    return address.ipv4.map { $0 >> 24 == 127 } ?? (address.high == 0 && address.low == 1)
  }
}

extension AWSWAFSettings {
  /// Reads the settings of one firewall; `nil` after what is wrong was reported to the section.
  public init?(from section: ConfigurationSection) {
    defer { section.finish() }
    var arns: [IPSetRole: IPSetARN] = [:]
    for role in IPSetRole.allCases { arns[role] = Self.arn(role, in: section) }
    let isConsistent = Self.agree(arns, in: section)
    let keyID = Self.accessKeyID(in: section)
    let key = section.secret(
      "secret-access-key", as: SecretReference.self, isRequired: true, example: "file:/etc/sekisho/aws.key")
    let token = section.secret("session-token", as: SecretReference.self)
    let endpoint = Self.endpoint(in: section)
    let authority = section.text("ca")
    let rate = section.number("updates-per-second", in: 0.1...1000) ?? 1
    guard let blockIPv4 = arns[.blockIPv4], let blockIPv6 = arns[.blockIPv6],
      let allowIPv4 = arns[.allowIPv4], let allowIPv6 = arns[.allowIPv6], isConsistent,
      let keyID, let key, let endpoint = endpoint ?? Self.standardEndpoint(blockIPv4)
    else { return nil }
    self.init(
      blockIPv4: blockIPv4, blockIPv6: blockIPv6, allowIPv4: allowIPv4, allowIPv6: allowIPv6,
      accessKeyID: keyID, secretAccessKey: key, sessionToken: token, endpoint: endpoint,
      authorityFile: authority, updatesPerSecond: rate)
  }

  private static func arn(_ role: IPSetRole, in section: ConfigurationSection) -> IPSetARN? {
    let example = "arn:aws:wafv2:eu-west-1:123456789012:regional/ipset/sekisho-\(role.rawValue)/ID"
    guard let text = section.requiredText(role.rawValue, example: example) else { return nil }
    if let arn = IPSetARN(text) { return arn }
    section.report(
      .invalid, role.rawValue,
      Phrase(
        en: "“\(text)” is no ARN of an IP set. “aws wafv2 list-ip-sets --scope REGIONAL” lists them.",
        ja: "「\(text)」は IP セットの ARN ではありません。「aws wafv2 list-ip-sets --scope REGIONAL」で確認できます。"))
    return nil
  }

  /// One web ACL can only name sets of one region and scope, and each must be another.
  private static func agree(_ arns: [IPSetRole: IPSetARN], in section: ConfigurationSection) -> Bool {
    var agrees = true
    guard let first = arns[.blockIPv4] else { return false }
    var seen: Set<IPSetARN> = [first]
    for role in IPSetRole.allCases where role != .blockIPv4 {
      guard let arn = arns[role] else { continue }
      if !seen.insert(arn).inserted {
        section.report(
          .invalid, role.rawValue,
          Phrase(en: "This set has another purpose already.", ja: "このセットはすでに別の用途に指定されています。"))
        agrees = false
      } else if arn.region != first.region || arn.isGlobal != first.isGlobal || arn.account != first.account {
        section.report(
          .invalid, role.rawValue,
          Phrase(
            en: "The four sets must be of one account, region and scope, because one web ACL uses them.",
            ja: "4 つのセットは 1 つの Web ACL で使うため、アカウント、リージョン、スコープを揃えてください。"))
        agrees = false
      }
    }
    return agrees
  }

  private static func accessKeyID(in section: ConfigurationSection) -> String? {
    guard let text = section.requiredText("access-key-id", example: "AKIAIOSFODNN7EXAMPLE") else {
      return nil
    }
    let isID =
      (16...128).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
      }
    if isID { return text }
    // The value is not repeated: it may be the secret itself.
    section.report(
      .invalid, "access-key-id",
      Phrase(
        en: "An access key ID is expected: 16 or more capital letters and digits.",
        ja: "アクセスキー ID（大文字と数字 16 文字以上）を指定してください。"))
    return nil
  }

  private static func endpoint(in section: ConfigurationSection) -> HTTPURL? {
    guard let text = section.text("endpoint") else { return nil }
    let url: HTTPURL
    do throws(HTTPURLError) {
      url = try HTTPURL(text)
    } catch {
      section.report(.invalid, "endpoint", error.message)
      return nil
    }
    if url.scheme == .https || isLoopback(url) { return url }
    section.report(
      .invalid, "endpoint",
      Phrase(
        en: "By http anyone on the way could change what is blocked. Use https.",
        ja: "http では、途中で遮断の内容を改ざんされる恐れがあります。https にしてください。"))
    return nil
  }
}
