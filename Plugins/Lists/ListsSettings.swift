public import ConfigurationFile
public import HTTPTransport
import Language
public import NetworkTypes

/// What the configuration may say about lists that firewalls fetch.
public struct ListsSettings: Sendable, Equatable {
  /// Where the lists are published: ours alone. What is in `current` below it is given out.
  public var directory: String
  /// Which lists are published.
  public var formats: [ListFormat]
  /// Lines that the firewalls take of one list; a longer one is refused before it is published. `nil` for no
  /// limit.
  public var largest: Int?
  /// Our own server; `nil` where a web server of somebody else gives the lists out.
  public var server: Server?

  /// Who is served, where and how.
  public struct Server: Sendable, Equatable {
    public var address: IPAddress
    /// 0 for any that is free.
    public var port: Int
    /// The chain of certificates and its key, in PEM.
    public var certificateFile: String
    public var keyFile: String
    /// In the order of the configuration, each with its password.
    public var devices: [Device]

    public init(
      address: IPAddress, port: Int, certificateFile: String, keyFile: String, devices: [Device]
    ) {
      self.address = address
      self.port = port
      self.certificateFile = certificateFile
      self.keyFile = keyFile
      self.devices = devices
    }
  }

  /// One firewall that fetches.
  public struct Device: Sendable, Equatable {
    /// What it calls itself when it fetches, and what it is called in reports.
    public var name: String
    public var password: SecretReference

    public init(name: String, password: SecretReference) {
      self.name = name
      self.password = password
    }
  }

  public init(
    directory: String, formats: [ListFormat] = [.addresses, .domains], largest: Int? = nil,
    server: Server? = nil
  ) {
    self.directory = directory
    self.formats = formats
    self.largest = largest
    self.server = server
  }
}

extension ListsSettings {
  /// Reads the settings of one firewall; `nil` after what is wrong was reported to the section.
  public init?(from section: ConfigurationSection) {
    defer { section.finish() }
    let directory = Self.path("directory", in: section, example: "/var/lib/sekisho/lists")
    let formats = section.choices("formats", of: ListFormat.self)
    if section.contains("formats"), formats?.isEmpty == true {
      section.report(
        .invalid, "formats",
        Phrase(en: "No list would be published. Name at least one.", ja: "リストが 1 つも公開されません。1 つ以上指定してください。"))
    }
    let largest = section.integer("largest", in: 1...100_000_000)
    var server: Server?
    if section.contains("serve") {
      guard let settings = Server(from: section.section("serve")) else { return nil }
      server = settings
    }
    guard let directory else { return nil }
    self.init(
      directory: directory,
      formats: formats.map { chosen in ListFormat.allCases.filter(chosen.contains) } ?? [
        .addresses, .domains,
      ],
      largest: largest, server: server)
  }

  fileprivate static func path(_ key: String, in section: ConfigurationSection, example: String) -> String? {
    guard let path = section.requiredText(key, example: example) else { return nil }
    if path.hasPrefix("/"), !path.contains("\n") { return path }
    section.report(.invalid, key, Phrase(en: "An absolute path is expected.", ja: "絶対パスを指定してください。"))
    return nil
  }
}

extension ListsSettings.Server {
  static let standardPort = 8443

  fileprivate init?(from section: ConfigurationSection) {
    defer { section.finish() }
    let text = section.text("address") ?? "0.0.0.0"
    let address = IPAddress(text)
    if address == nil {
      section.report(
        .invalid, "address",
        Phrase(
          en: "An address of this host is expected, or 0.0.0.0 or :: for all of them.",
          ja: "このホストの IP アドレス、またはすべてを表す 0.0.0.0 か :: を指定してください。"))
    }
    let port = section.integer("port", in: 1...65535) ?? Self.standardPort
    let certificate = ListsSettings.path("certificate", in: section, example: "/etc/sekisho/lists.pem")
    let key = ListsSettings.path("key", in: section, example: "/etc/sekisho/lists.key")
    let entries = section.sections("devices")
    var devices: [ListsSettings.Device] = []
    for entry in entries {
      if let device = Self.device(entry, known: devices.map(\.name)) { devices.append(device) }
    }
    if entries.isEmpty {
      section.report(
        .missingKey, "devices",
        Phrase(
          en: "Nobody could fetch. Name each firewall: devices: [{ name: branch-1, password: file:/… }]",
          ja: "取得できるファイアウォールがありません。例: devices: [{ name: branch-1, password: file:/… }]"))
    }
    guard let address, let certificate, let key, !devices.isEmpty, devices.count == entries.count else {
      return nil
    }
    self.init(address: address, port: port, certificateFile: certificate, keyFile: key, devices: devices)
  }

  private static func device(_ section: ConfigurationSection, known: [String]) -> ListsSettings.Device? {
    defer { section.finish() }
    let name = section.requiredText("name", example: "branch-1")
    let password = section.secret(
      "password", as: SecretReference.self, isRequired: true, example: "file:/etc/sekisho/branch-1")
    guard let name, let password else { return nil }
    // It stands in a file's name and before the colon of a credential.
    let isPlain = name.utf8.allSatisfy {
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
        || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
    }
    guard isPlain, 1...64 ~= name.utf8.count else {
      section.report(
        .invalid, "name",
        Phrase(
          en: "1 to 64 letters, digits, - and _ are expected.", ja: "英数字と - _ で 64 文字以内にしてください。"))
      return nil
    }
    guard !known.contains(name) else {
      section.report(
        .invalid, "name", Phrase(en: "Another device has this name.", ja: "同じ名前の機器があります。"))
      return nil
    }
    return ListsSettings.Device(name: name, password: password)
  }
}
