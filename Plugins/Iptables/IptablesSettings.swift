public import ConfigurationFile
import Language
public import NetworkTypes

/// What the configuration may say about an iptables firewall.
public struct IptablesSettings: Sendable, Equatable {
  /// Which of the two rule stores of the kernel is written.
  public enum Backend: String, Sendable, CaseIterable {
    /// `iptables-nft-restore` and its siblings.
    case nft
    /// `iptables-legacy-restore` and its siblings.
    case legacy
    /// `iptables-restore`, whichever of the two the system chose for it.
    case system
  }

  /// A built-in chain that jumps into ours.
  public enum Hook: String, Sendable, CaseIterable {
    /// Packets for this host: table `filter`.
    case input
    /// Packets that this host routes: table `filter`.
    case forward
    /// Packets that this host sends: table `filter`.
    case output
    /// Everything that arrives, before connection tracking: table `raw`.
    case prerouting
  }

  public var backend: Backend
  public var hooks: Set<Hook>
  public var direction: TrafficDirection
  /// Whether ip6tables and the IPv6 sets are used. When not, they are neither read nor written.
  public var ipv6: Bool
  /// Entries that each of the block sets holds at most.
  public var setSize: Int
  /// What the names of our sets begin with; in capitals it is the name of our chain.
  public var prefix: String
  /// The lock file of legacy iptables, when `/run/xtables.lock` cannot be written.
  public var lockFile: String?

  public static let defaultSetSize = 1_000_000
  public static let setSizes = 1_024...16_000_000

  public init(
    backend: Backend = .system, hooks: Set<Hook> = [.input, .forward, .output],
    direction: TrafficDirection = .both, ipv6: Bool = true, setSize: Int = Self.defaultSetSize,
    prefix: String = "sekisho", lockFile: String? = nil
  ) {
    self.backend = backend
    self.hooks = hooks
    self.direction = direction
    self.ipv6 = ipv6
    self.setSize = setSize
    self.prefix = prefix
    self.lockFile = lockFile
  }

  /// Reads the settings of one firewall; what is wrong is reported to the section.
  public init(from section: ConfigurationSection, direction: TrafficDirection = .both) {
    self.init(direction: direction)
    if let backend = section.choice("backend", of: Backend.self) { self.backend = backend }
    if let hooks = section.choices("hooks", of: Hook.self) {
      if section.texts("hooks").isEmpty {
        section.report(
          .invalid, "hooks",
          Phrase(
            en: "At least one hook is needed, for example: hooks: [forward]",
            ja: "フックを 1 つ以上指定してください。例: hooks: [forward]"))
      } else if !hooks.isEmpty {
        self.hooks = Set(hooks)
      }
    }
    if let direction = section.choice("direction", of: TrafficDirection.self) { self.direction = direction }
    if let ipv6 = section.flag("ipv6") { self.ipv6 = ipv6 }
    if let size = section.integer("set-size", in: Self.setSizes) { setSize = size }
    if let prefix = section.text("prefix") {
      if Self.isValidPrefix(prefix) {
        self.prefix = prefix
      } else {
        section.report(
          .invalid, "prefix",
          Phrase(
            en:
              "“\(prefix)” cannot begin our names: use 1 to 16 lower-case letters, digits and hyphens, a letter first.",
            ja: "「\(prefix)」は名前の先頭に使えません。英小文字で始まる英小文字・数字・ハイフン 1〜16 文字にしてください。"))
      }
    }
    if let path = section.text("lock-file") {
      if path.hasPrefix("/") {
        lockFile = path
      } else {
        section.report(
          .invalid, "lock-file",
          Phrase(
            en: "“\(path)” is not an absolute path, for example: /run/sekisho/xtables.lock",
            ja: "「\(path)」は絶対パスではありません。例: /run/sekisho/xtables.lock"))
      }
    }
    section.finish()
  }

  // A set name has at most 31 bytes, a chain name 28; ours add up to 14 to the prefix. Built-in
  // chains and targets are single words in capitals, so the prefix must not become one of them.
  private static func isValidPrefix(_ text: String) -> Bool {
    let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digit = UInt8(ascii: "0")...UInt8(ascii: "9")
    let hyphen = UInt8(ascii: "-")
    guard (1...16).contains(text.utf8.count), let first = text.utf8.first, lower.contains(first),
      text.utf8.allSatisfy({ lower.contains($0) || digit.contains($0) || $0 == hyphen })
    else { return false }
    return !reserved.contains(text.uppercased())
  }

  private static let reserved: Set<String> = [
    "INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING", "ACCEPT", "DROP", "RETURN", "QUEUE",
    "REJECT", "LOG", "MARK", "NOTRACK", "SET", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NFLOG",
    "NFQUEUE", "CT", "AUDIT", "TRACE", "TEE", "TPROXY", "CONNMARK", "CLASSIFY", "DSCP", "TOS", "TTL",
    "HL", "TCPMSS", "NETMAP", "SECMARK", "CHECKSUM", "SYNPROXY", "RATEEST", "IDLETIMER", "LED",
  ]
}
