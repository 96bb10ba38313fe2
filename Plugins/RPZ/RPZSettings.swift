public import ConfigurationFile
import Language
public import NetworkTypes

/// What the configuration may say about a response policy zone.
public struct RPZSettings: Sendable, Equatable {
  /// What a resolver answers for a name that is blocked, or in the place of an address that is.
  public enum Action: String, Sendable, CaseIterable {
    /// That there is no such name.
    case nxdomain
    /// That the name has no such record.
    case nodata
    /// Nothing at all: the terminal waits and then gives up.
    case drop

    /// The target of the record that asks for it (draft-vixie-dnsop-dns-rpz, section 3).
    var record: String {
      switch self {
      case .nxdomain: "."
      case .nodata: "*."
      case .drop: "rpz-drop."
      }
    }
  }

  /// The zone as the resolver is told of it.
  public var zone: DomainName
  /// The zone file: ours alone, read by the resolver.
  public var file: String
  /// The command by which the resolver reads the zone file again, word by word; never a shell.
  public var reload: [String]
  /// Where the resolver answers.
  public var resolver: IPAddress
  public var port: Int
  public var action: Action
  /// A name that nobody uses. The resolver's answer for it tells which version of the zone is in force.
  public var versionName: DomainName

  public static let defaultVersionName = "version.sekisho.example"

  public init(
    zone: DomainName, file: String, reload: [String], resolver: IPAddress, port: Int = 53,
    action: Action = .nxdomain, versionName: DomainName
  ) {
    self.zone = zone
    self.file = file
    self.reload = reload
    self.resolver = resolver
    self.port = port
    self.action = action
    self.versionName = versionName
  }

  /// Reads the settings of one firewall; `nil` after what is wrong was reported to the section.
  public init?(from section: ConfigurationSection) {
    defer { section.finish() }
    let zone = Self.name("zone", in: section, example: "rpz.sekisho.example")
    let versionName = Self.name("version-name", in: section, example: nil)
    let file = section.requiredText("file", example: "/var/lib/sekisho/rpz.zone")
    if let file, !file.hasPrefix("/") || file.contains("\n") {
      section.report(
        .invalid, "file", Phrase(en: "An absolute path is expected.", ja: "絶対パスを指定してください。"))
    }
    let reload = section.texts("reload").map(\.text)
    if reload.isEmpty {
      section.report(
        section.contains("reload") ? .invalid : .missingKey, "reload",
        Phrase(
          en: "The command that makes the resolver read the zone again is needed, for example: "
            + "reload: [rndc, reload, rpz.sekisho.example]",
          ja: "リゾルバーにゾーンを読み直させるコマンドを指定してください。例: reload: [rndc, reload, rpz.sekisho.example]"))
    }
    let resolver = section.requiredText("resolver", example: "127.0.0.1")
    let address = resolver.flatMap { IPAddress($0) }
    if resolver != nil, address == nil {
      section.report(
        .invalid, "resolver",
        Phrase(en: "An address is expected, such as 127.0.0.1.", ja: "127.0.0.1 のようなアドレスを指定してください。"))
    }
    let port = section.integer("port", in: 1...65_535)
    let action = section.choice("action", of: Action.self)
    guard let zone, let file, file.hasPrefix("/"), !reload.isEmpty, let address,
      let versionName = versionName ?? DomainName(Self.defaultVersionName)
    else { return nil }
    self.init(
      zone: zone, file: file, reload: reload, resolver: address, port: port ?? 53,
      action: action ?? .nxdomain, versionName: versionName)
  }

  private static func name(
    _ key: String, in section: ConfigurationSection, example: String?
  ) -> DomainName? {
    let text = example.map { section.requiredText(key, example: $0) } ?? section.text(key)
    guard let text else { return nil }
    if let name = DomainName(text) { return name }
    section.report(
      .invalid, key, Phrase(en: "“\(text)” is no domain name.", ja: "「\(text)」はドメイン名ではありません。"))
    return nil
  }
}
