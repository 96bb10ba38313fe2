public import ConfigurationFile
import Language
import NetworkTypes

extension Policy {
  /// Reads a policy file. `file` stands in the messages only.
  ///
  /// Throws everything that is wrong with it at once: unknown keys, values out of range, and values
  /// that contradict one another.
  public init(parsing yaml: String, file: String) throws(ConfigurationError) {
    let document = try ConfigurationDocument(parsing: yaml, file: file)
    let problems = ConfigurationProblems()
    self.init(from: ConfigurationSection(document.root, problems: problems))
    try problems.throwIfAny()
  }

  /// Reads a policy from a section of a larger file.
  ///
  /// What is wrong is reported to the section's problems; such a policy must not be used.
  public init(from section: ConfigurationSection) {
    let name = section.requiredText("name", example: "standard") ?? ""
    if section.contains("name"), name.isEmpty {
      section.report(.invalid, "name", Phrase(en: "A policy needs a name.", ja: "ポリシーには名前が必要です。"))
    }
    let mode = section.choice("mode", of: PolicyMode.self)
    if !section.contains("mode") {
      section.report(
        .missingKey, "mode",
        Phrase(
          en: "This key is required: mode: dry-run (decide and show) or mode: enforce (block).",
          ja: "このキーは必須です。mode: dry-run（予行）または mode: enforce（実施）と書いてください。"))
    }
    let (timeToLive, maximum) = Self.times(in: section)
    let protected = Self.targets("protected", in: section)
    let allow = AllowList(Self.targets("allow", in: section))
    let firewalls = section.texts("firewalls").map(\.text)
    if section.contains("firewalls"), firewalls.isEmpty {
      section.report(
        .invalid, "firewalls",
        Phrase(
          en: "No firewall would get any block. Name some, or leave the key out for all of them.",
          ja: "これでは、どのファイアウォールにも遮断が送られません。1 つ以上指定するか、すべてに送る場合はこのキーを削除してください。"))
    }
    let prefixes = protected.compactMap { if case .prefix(let prefix) = $0 { prefix } else { nil } }
    Self.refuseEverything(allow.prefixes, key: "allow", in: section)
    Self.refuseEverything(PrefixIndex(prefixes), key: "protected", in: section)
    let because = Phrase(
      en: "stands under “protected” in the policy “\(name)”", ja: "ポリシー「\(name)」の protected に記載")
    self.init(
      name: name, mode: mode ?? .dryRun,
      direction: section.choice("direction", of: TrafficDirection.self) ?? .outbound,
      timeToLive: timeToLive, maximumTimeToLive: maximum,
      minimumPrefixLength: Self.prefixLengths(in: section.section("minimum-prefix-length")),
      limits: Self.limits(in: section.section("limits")),
      minimumConfidence: section.number("minimum-confidence", in: 0...1) ?? 0.8,
      allow: allow,
      protectedNetworks: prefixes.map { ProtectedNetwork($0, because: because) },
      protectedNames: protected.compactMap { if case .name(let name) = $0 { name } else { nil } },
      firewalls: section.contains("firewalls") ? firewalls : nil)
    section.finish()
  }

  private static func times(in section: ConfigurationSection) -> (standard: Duration, maximum: Duration) {
    let range = Duration.seconds(1)...Duration.seconds(365 * 86_400)
    let standard = section.duration("time-to-live", in: range) ?? .seconds(3600)
    let maximum = section.duration("maximum-time-to-live", in: range) ?? .seconds(7 * 86_400)
    if standard > maximum {
      section.report(
        .invalid, section.contains("time-to-live") ? "time-to-live" : "maximum-time-to-live",
        Phrase(
          en: """
            time-to-live (\(standard.text)) is longer than maximum-time-to-live (\(maximum.text)); \
            lower the one or raise the other.
            """,
          ja: """
            time-to-live（\(standard.text)）が maximum-time-to-live（\(maximum.text)）を超えています。\
            どちらかを直してください。
            """))
    }
    return (standard, maximum)
  }

  /// No registry holds more than a /8 of IPv4 or a /12 of IPv6 in one piece (IANA's address space
  /// registries), so a shorter prefix is a slip and never one network.
  private static func prefixLengths(in section: ConfigurationSection) -> PrefixLengths {
    func length(_ key: String, shortest: Int, longest: Int) -> Int? {
      guard let value = section.integer(key, in: 0...longest) else { return nil }
      if value < shortest {
        section.report(
          .outOfRange, key,
          value == 0
            ? Phrase(
              en: "0 would let one block hold every address there is; write \(shortest) to \(longest).",
              ja: "0 では 1 件の遮断が全アドレスに及びます。\(shortest) から \(longest) までにしてください。")
            : Phrase(
              en: "A block of /\(value) is larger than any one network; write \(shortest) to \(longest).",
              ja: "/\(value) は実在するどのネットワークよりも広い範囲です。\(shortest) から \(longest) までにしてください。"))
        return nil
      }
      return value
    }
    let defaults = PrefixLengths()
    let lengths = PrefixLengths(
      ipv4: length("ipv4", shortest: 8, longest: 32) ?? defaults.ipv4,
      ipv6: length("ipv6", shortest: 12, longest: 128) ?? defaults.ipv6)
    section.finish()
    return lengths
  }

  private static func limits(in section: ConfigurationSection) -> Limits {
    func limit(_ key: String) -> Int? {
      guard let value = section.integer(key, in: 0...10_000_000) else { return nil }
      guard value > 0 else {
        section.report(
          .outOfRange, key,
          Phrase(
            en: "0 would refuse every block. To watch without blocking, write mode: dry-run instead.",
            ja: "0 ではすべての遮断が拒否されます。監視だけを行うには mode: dry-run と書いてください。"))
        return nil
      }
      return value
    }
    let defaults = Limits()
    let limits = Limits(
      newBlocksPerMinute: limit("new-blocks-per-minute") ?? defaults.newBlocksPerMinute,
      newBlocksPerHour: limit("new-blocks-per-hour"),
      totalBlocks: limit("total-blocks") ?? defaults.totalBlocks,
      blocksPerChange: limit("blocks-per-change") ?? defaults.blocksPerChange)
    if let perHour = limits.newBlocksPerHour, perHour < limits.newBlocksPerMinute {
      section.report(
        .invalid, "new-blocks-per-hour",
        Phrase(
          en: """
            new-blocks-per-hour (\(perHour)) is below new-blocks-per-minute \
            (\(limits.newBlocksPerMinute)), which could then never be reached.
            """,
          ja: """
            new-blocks-per-hour（\(perHour)）が new-blocks-per-minute（\(limits.newBlocksPerMinute)）より\
            小さいため、1 分間の上限に達することがありません。
            """))
    }
    if limits.blocksPerChange > limits.totalBlocks {
      section.report(
        .invalid, section.contains("blocks-per-change") ? "blocks-per-change" : "total-blocks",
        Phrase(
          en: """
            blocks-per-change (\(limits.blocksPerChange)) is above total-blocks \
            (\(limits.totalBlocks)), which could then never hold one change.
            """,
          ja: """
            blocks-per-change（\(limits.blocksPerChange)）が total-blocks（\(limits.totalBlocks)）を\
            超えているため、1 回の変更が全体の上限に収まりません。
            """))
    }
    section.finish()
    return limits
  }

  private static func targets(_ key: String, in section: ConfigurationSection) -> [BlockTarget] {
    section.texts(key).compactMap { item in
      if let target = BlockTarget(item.text) { return target }
      section.problems.report(
        .init(
          code: .invalid, location: item.location,
          key: section.path.isEmpty ? key : "\(section.path).\(key)",
          message: Phrase(
            en: """
              “\(item.text)” is not an address, a prefix or a domain name \
              such as 192.0.2.7, 2001:db8::/32 or example.org.
              """,
            ja: """
              「\(item.text)」はアドレスでもプレフィックスでもドメイン名でもありません\
              （例: 192.0.2.7、2001:db8::/32、example.org）。
              """)))
      return nil
    }
  }

  private static func refuseEverything(_ index: PrefixIndex, key: String, in section: ConfigurationSection) {
    for (family, isIPv4) in [("IPv4", true), ("IPv6", false)] where index.coversEverything(ipv4: isIPv4) {
      section.report(
        .invalid, key,
        Phrase(
          en: """
            The entries cover every \(family) address, so nothing could be blocked. \
            To watch without blocking, write mode: dry-run instead.
            """,
          ja: """
            \(family) の全アドレスが含まれているため、何も遮断できません。\
            監視だけを行うには mode: dry-run と書いてください。
            """))
    }
  }
}
