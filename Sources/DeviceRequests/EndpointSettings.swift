public import ConfigurationFile
import HTTPTransport
import Language

/// A secret that the settings of an adapter refer to.
public struct SecretSetting: Sendable {
  /// The key in the settings, and the name in requests.
  public var key: String
  public var isRequired: Bool

  public init(_ key: String, isRequired: Bool = true) {
    self.key = key
    self.isRequired = isRequired
  }
}

extension DeviceEndpoint {
  /// Reads `url`, `ca`, `pin`, `client-certificate`, `client-key`, `requests-per-second` and the secrets;
  /// `nil` after what is wrong was reported to the section. Other keys are left to the caller.
  /// - Parameter example: a URL for the message that none was given.
  public init?(
    from section: ConfigurationSection, secrets: [SecretSetting], example: String,
    requestsPerSecond: Double = 20
  ) {
    let url = Self.url(in: section, example: example)
    let pins = Self.pins(in: section)
    var references: [String: SecretReference] = [:]
    var isComplete = true
    for secret in secrets {
      references[secret.key] = Self.secret(secret, in: section)
      if references[secret.key] == nil, secret.isRequired || section.contains(secret.key) {
        isComplete = false
      }
    }
    let certificate = section.text("client-certificate")
    let key = Self.secret(SecretSetting("client-key", isRequired: certificate != nil), in: section)
    if certificate == nil, section.contains("client-key") {
      section.report(
        .invalid, "client-key",
        Phrase(en: "A key needs its client-certificate.", ja: "鍵には client-certificate の指定も必要です。"))
      isComplete = false
    }
    let rate = section.number("requests-per-second", in: 0.1...1000) ?? requestsPerSecond
    let authority = section.text("ca")
    guard let url, let pins, isComplete, (certificate == nil) == (key == nil) else { return nil }
    self.init(
      url: url, authorityFile: authority, pins: pins,
      client: certificate.flatMap { file in key.map { Client(certificateFile: file, key: $0) } },
      secrets: references, requestsPerSecond: rate)
  }

  private static func url(in section: ConfigurationSection, example: String) -> HTTPURL? {
    guard let text = section.requiredText("url", example: example) else { return nil }
    let url: HTTPURL
    do throws(HTTPURLError) {
      url = try HTTPURL(text)
    } catch {
      section.report(.invalid, "url", error.message)
      return nil
    }
    if url.target.contains("?") {
      section.report(
        .invalid, "url",
        Phrase(en: "The address must not have a query (?).", ja: "URL にクエリー（?）は指定できません。"))
      return nil
    }
    if url.scheme == .https || isLoopback(url) { return url }
    section.report(
      .invalid, "url",
      Phrase(
        en: "By http anyone on the way could change what is blocked. Use https.",
        ja: "http では、途中で遮断の内容を改ざんされる恐れがあります。https にしてください。"))
    return nil
  }

  private static func pins(in section: ConfigurationSection) -> [PublicKeyPin]? {
    var pins: [PublicKeyPin] = []
    for (text, _) in section.contains("pin") ? section.texts("pin") : [] {
      guard let pin = PublicKeyPin(text) else {
        section.report(
          .invalid, "pin",
          Phrase(
            en: "“\(text)” is no pin: sha256// and 44 characters of base64 are expected.",
            ja: "「\(text)」はピンの書式ではありません。sha256// に続けて base64 の 44 文字を書いてください。"))
        return nil
      }
      pins.append(pin)
    }
    return pins
  }

  private static func secret(_ setting: SecretSetting, in section: ConfigurationSection) -> SecretReference? {
    section.secret(
      setting.key, as: SecretReference.self, isRequired: setting.isRequired,
      example: "file:/etc/sekisho/\(setting.key)")
  }
}
