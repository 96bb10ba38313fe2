public import ConfigurationFile
import Language
public import NetworkTypes

/// What the configuration may say about an nftables firewall.
public struct NftablesSettings: Sendable, Equatable {
  /// The places in the kernel's packet path where blocks are looked up.
  public enum Hook: String, Sendable, Codable, CaseIterable {
    case prerouting, input, forward, output
  }

  /// The name of our table in the family `inet`.
  public var table: String
  /// In the order of `Hook.allCases`.
  public var hooks: [Hook]
  public var direction: TrafficDirection
  /// The priority of every chain; `nil` for `defaultPriority(of:)`.
  public var priority: Int?
  /// Whether dropped packets are counted.
  public var counters: Bool

  /// A forwarded packet passes `forward`, one to or from the gateway itself `input` or `output`:
  /// with these three every packet of a gateway is looked up exactly once. `output` is among them
  /// because a proxy or a resolver on the gateway would otherwise carry terminals around the block.
  public static let defaultHooks: [Hook] = [.input, .forward, .output]

  /// What `priority` may be. Chains before -200 would see packets before connection tracking, so
  /// before the original addresses of translated answers are restored.
  public static let priorities = -199...500

  public init(
    table: String = "sekisho", hooks: [Hook] = Self.defaultHooks, direction: TrafficDirection = .both,
    priority: Int? = nil, counters: Bool = true
  ) {
    self.table = table
    self.hooks = Hook.allCases.filter(hooks.contains)
    self.direction = direction
    self.priority = priority
    self.counters = counters
  }

  /// Reads the keys `table`, `hooks`, `direction`, `priority` and `counters`; problems are reported
  /// to the section, and what they concern keeps its default.
  public init(from section: ConfigurationSection, direction: TrafficDirection = .both) {
    self.init(direction: direction)
    if let name = section.text("table") {
      if Self.isTableName(name) {
        table = name
      } else {
        section.report(
          .invalid, "table",
          Phrase(
            en: "“\(name)” cannot name a table: a letter, then letters, digits, _ or -, 32 at most.",
            ja: "「\(name)」はテーブル名に使えません。英字で始め、英数字と _ と - だけで 32 文字以内にしてください。"))
      }
    }
    if let listed = section.choices("hooks", of: Hook.self) {
      if listed.isEmpty, section.texts("hooks").isEmpty {
        section.report(
          .invalid, "hooks",
          Phrase(
            en: "Without a hook nothing would be blocked; for a gateway write [input, forward, output].",
            ja: "フックがないと何も遮断できません。ゲートウェイでは [input, forward, output] と書いてください。"))
      } else if listed.contains(.prerouting), listed.contains(where: { $0 == .input || $0 == .forward }) {
        section.report(
          .invalid, "hooks",
          Phrase(
            en:
              "prerouting sees every packet that later passes input or forward: choose prerouting (with output), or input and forward.",
            ja:
              "prerouting は input と forward を通るパケットもすべて見ます。prerouting（と output）か、input と forward のどちらかを選んでください。"
          ))
      } else if !listed.isEmpty {
        hooks = Hook.allCases.filter(listed.contains)
      }
    }
    if let word = section.choice("direction", of: TrafficDirection.self) { self.direction = word }
    priority = section.integer("priority", in: Self.priorities)
    if let flag = section.flag("counters") { counters = flag }
    section.finish()
  }

  /// The priority that chains have without a setting: a little before the filters of others (0), and
  /// in prerouting a little before mangle (-150), so before destinations are translated (-100).
  public static func defaultPriority(of hook: Hook) -> Int {
    hook == .prerouting ? -160 : -10
  }

  private static func isTableName(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 32 else { return false }
    func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
    return isLetter(first)
      && name.utf8.allSatisfy { isLetter($0) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F || $0 == 0x2D }
  }
}
