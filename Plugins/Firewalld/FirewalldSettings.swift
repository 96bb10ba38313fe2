public import ConfigurationFile
import Language
public import NetworkTypes

/// What the configuration may say about a host whose firewall is kept by firewalld.
public struct FirewalldSettings: Sendable, Equatable {
  /// Which packets are looked at.
  public enum Hook: String, Sendable, CaseIterable {
    /// Packets for this host.
    case input
    /// Packets that this host routes.
    case forward
    /// Packets that this host sends.
    case output
  }

  public var hooks: Set<Hook>
  public var direction: TrafficDirection
  /// Entries that each of our sets holds at most.
  public var setSize: Int
  /// What the names of our sets and policies begin with.
  public var prefix: String

  public static let defaultSetSize = 1_000_000
  public static let setSizes = 1_024...16_000_000

  public init(
    hooks: Set<Hook> = [.input, .forward, .output], direction: TrafficDirection = .both,
    setSize: Int = Self.defaultSetSize, prefix: String = "sekisho"
  ) {
    self.hooks = hooks
    self.direction = direction
    self.setSize = setSize
    self.prefix = prefix
  }

  /// Reads the settings of one firewall; what is wrong is reported to the section.
  public init(from section: ConfigurationSection, direction: TrafficDirection = .both) {
    self.init(direction: direction)
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
    if let size = section.integer("set-size", in: Self.setSizes) { setSize = size }
    if let prefix = section.text("prefix") {
      if Self.isValidPrefix(prefix) {
        self.prefix = prefix
      } else {
        section.report(
          .invalid, "prefix",
          Phrase(
            en:
              "“\(prefix)” cannot begin our names: use 1 to 7 lower-case letters and digits, a letter first.",
            ja: "「\(prefix)」は名前の先頭に使えません。英小文字で始まる英小文字・数字 1〜7 文字にしてください。"))
      }
    }
    section.finish()
  }

  // The name of a policy has at most 11 bytes, because firewalld makes chain names of it; ours add 4.
  private static func isValidPrefix(_ text: String) -> Bool {
    let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digit = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard (1...7).contains(text.utf8.count), let first = text.utf8.first, lower.contains(first) else {
      return false
    }
    return text.utf8.allSatisfy { lower.contains($0) || digit.contains($0) }
  }
}
