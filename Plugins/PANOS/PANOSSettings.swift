public import ConfigurationFile
public import DeviceRequests
import HTTPTransport
import Language

/// What the configuration may say about a firewall with PAN-OS.
public struct PANOSSettings: Sendable, Equatable {
  /// The management interface, with the API key.
  public var endpoint: DeviceEndpoint
  /// The virtual system that the addresses are registered in.
  public var vsys: String
  /// Serial number of the firewall, where the endpoint is a Panorama that passes requests on.
  public var serial: String?
  /// The mark of ownership of what is blocked, and of what passes whatever is blocked.
  public var blockTag: String
  public var allowTag: String
  /// The dynamic address groups that match the tags; `nil` when they are not looked at.
  public var groups: Groups?
  /// Whether IPv4 networks can be registered: from PAN-OS 10.0 on.
  public var holdsNetworks: Bool

  /// Names of dynamic address groups.
  public struct Groups: Sendable, Equatable {
    public var block: String
    public var allow: String

    public init(block: String = "sekisho-block", allow: String = "sekisho-allow") {
      self.block = block
      self.allow = allow
    }
  }

  public init(
    endpoint: DeviceEndpoint, vsys: String = "vsys1", serial: String? = nil,
    blockTag: String = "sekisho-block", allowTag: String = "sekisho-allow", groups: Groups? = Groups(),
    holdsNetworks: Bool = true
  ) {
    self.endpoint = endpoint
    self.vsys = vsys
    self.serial = serial
    self.blockTag = blockTag
    self.allowTag = allowTag
    self.groups = groups
    self.holdsNetworks = holdsNetworks
  }

  /// The name of the key in requests, and of its setting.
  static let keyName = "api-key"
  /// PAN-OS takes 127 bytes in a tag; ours needs room for a deadline after it.
  static let longestTag = 100
}

extension PANOSSettings {
  /// Reads the settings of one firewall; `nil` after what is wrong was reported to the section.
  public init?(from section: ConfigurationSection) {
    defer { section.finish() }
    let endpoint = DeviceEndpoint(
      from: section, secrets: [SecretSetting(Self.keyName)], example: "https://fw.example.org")
    let vsys = section.text("vsys") ?? "vsys1"
    let serial = section.text("target")
    let blockTag = section.text("tag") ?? "sekisho-block"
    let allowTag = section.text("allow-tag") ?? "sekisho-allow"
    let groups = Groups(
      block: section.text("group") ?? "sekisho-block", allow: section.text("allow-group") ?? "sekisho-allow")
    let checks = section.flag("check-groups") ?? true
    let networks = section.flag("networks") ?? true
    var isRight = true
    func check(_ key: String, _ isGood: Bool, _ message: Phrase) {
      guard !isGood else { return }
      section.report(.invalid, key, message)
      isRight = false
    }
    check(
      "vsys", vsys.hasPrefix("vsys") && (UInt16(vsys.dropFirst(4)).map { $0 > 0 } ?? false),
      Phrase(en: "A virtual system is vsys and its number: vsys1.", ja: "仮想システムは vsys1 のように番号を付けて書いてください。"))
    if let serial {
      check(
        "target", Self.isWord(serial, upTo: 32),
        Phrase(en: "A serial number of letters and digits is expected.", ja: "英数字のシリアル番号を指定してください。"))
    }
    for (key, tag) in [("tag", blockTag), ("allow-tag", allowTag)] {
      check(
        key, Self.isWord(tag, upTo: Self.longestTag),
        Phrase(
          en: "A tag has 1 to \(Self.longestTag) letters, digits, “-”, “_” and “.” here.",
          ja: "タグには英数字と「-」「_」「.」を 1〜\(Self.longestTag) 文字で指定してください。"))
    }
    check(
      "allow-tag", !allowTag.hasPrefix(blockTag) && !blockTag.hasPrefix(allowTag),
      Phrase(
        en: "The two tags must differ, and neither may begin with the other.",
        ja: "2 つのタグは異なるものにし、一方が他方で始まらないようにしてください。"))
    for (key, name) in [("group", groups.block), ("allow-group", groups.allow)] {
      check(
        key, !name.isEmpty && name.utf8.count <= 63,
        Phrase(en: "A name of at most 63 bytes is expected.", ja: "63 バイト以内の名前を指定してください。"))
    }
    guard isRight, let endpoint else { return nil }
    self.init(
      endpoint: endpoint, vsys: vsys, serial: serial, blockTag: blockTag, allowTag: allowTag,
      groups: checks ? groups : nil, holdsNetworks: networks)
  }

  private static func isWord(_ text: String, upTo longest: Int) -> Bool {
    (1...longest).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
