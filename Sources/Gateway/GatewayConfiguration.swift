public import ConfigurationFile
import DefaultPolicies
public import Feeds
import FirewallKit
import Foundation
import Language
import NetworkTypes
public import Policy

/// The configuration file, read and checked as a whole.
public struct GatewayConfiguration: Sendable {
  /// One entry of `firewalls:`.
  public struct Firewall: Sendable {
    public var name: String
    public var mode: PolicyMode
    public var adapter: AdapterEntry
    /// The adapter, made from its settings.
    public var make: AdapterEntry.Maker
    /// Where its entry stands.
    public var location: SourceLocation
  }

  /// What is captured, and how.
  public struct Sensor: Sendable {
    public var interface: String
    public var isPromiscuous = true
    /// Of each thread.
    public var ringBytes = 128 << 20
    /// Threads that share the interface's packets.
    public var threads = standardThreads
    public var filter: String?

    /// As many as there are cores, up to 4: looking is cheap, and others have work to do too.
    public static var standardThreads: Int { max(1, min(4, ProcessInfo.processInfo.activeProcessorCount)) }
  }

  public var file: String
  public var mode: PolicyMode
  public var firewalls: [Firewall]
  public var sensor: Sensor?
  public var policy: Policy
  /// The entries of `reputation.sources`.
  public var feeds: [FeedSource]
  /// How names are judged, and what guards against cutting off others.
  public var detector: DetectorSettings
  /// How often each firewall is read completely, in case it does not tell of changes.
  public var reconcileEvery: Duration

  /// Reads a file with everything it names. Nothing is opened but the file, its policy and what its plugins
  /// declare; no firewall is touched.
  ///
  /// Throws everything that is wrong, in the order of the file.
  public static func load(_ path: String) throws(ConfigurationError) -> GatewayConfiguration {
    try GatewayConfiguration(parsing: try text(of: path), file: path)
  }

  public init(parsing text: String, file: String) throws(ConfigurationError) {
    let document = try ConfigurationDocument(parsing: text, file: file)
    let problems = ConfigurationProblems()
    let root = ConfigurationSection(document.root, problems: problems)
    let folder = URL(filePath: file).deletingLastPathComponent()

    self.file = file
    let policy = Self.policy(named: root.text("policy"), in: root, folder: folder)
    self.policy = policy ?? Self.fallbackPolicy
    let mode = root.choice("mode", of: PolicyMode.self) ?? .dryRun
    self.mode = mode
    let direction = self.policy.direction
    firewalls = root.sections("firewalls").compactMap { section in
      Self.firewall(section, mode: mode, direction: direction)
    }
    reconcileEvery = root.duration("reconcile-every", in: .seconds(1)...(.seconds(86_400))) ?? .seconds(30)
    sensor = root.contains("sensor") ? Self.sensor(root.section("sensor")) : nil
    let reputation = root.section("reputation")
    feeds = reputation.sections("sources").compactMap { FeedSource($0, folder: folder.path) }
    reputation.finish()
    detector = DetectorSettings(root.section("detector"), folder: folder)
    if firewalls.isEmpty, !root.contains("firewalls") {
      root.report(
        .missingKey, "firewalls",
        Phrase(
          en: "At least one firewall is needed, for example: firewalls: [{name: edge, adapter: nftables}]",
          ja: "ファイアウォールを 1 つ以上指定してください。例: firewalls: [{name: edge, adapter: nftables}]"))
    }
    Self.reportRepeated(firewalls.map(\.name), key: "firewalls", in: root)
    Self.reportUnknown(self.policy.firewalls ?? [], among: firewalls.map(\.name), in: root)
    Self.reportRepeated(feeds.map(\.id), key: "reputation", in: root)
    root.finish()
    try problems.throwIfAny()
  }

  private static func text(of path: String) throws(ConfigurationError) -> String {
    do {
      return try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      let missing = (error as? CocoaError)?.code == .fileReadNoSuchFile
      let reason =
        missing
        ? Phrase(en: "there is no such file", ja: "ファイルが存在しません")
        : Phrase(en: "it cannot be read as text", ja: "テキストとして読み込めません")
      throw ConfigurationError(problems: [
        ConfigurationProblem(
          code: .unreadable, location: SourceLocation(file: path), key: "",
          message: Phrase(
            en: "The file cannot be used: \(reason.en). Give another with --config FILE.",
            ja: "ファイルを使用できません: \(reason.ja)。--config ファイル で指定してください。"))
      ])
    }
  }

  private static func reportRepeated(_ names: [String], key: String, in root: ConfigurationSection) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      root.report(
        .duplicate, key,
        Phrase(en: "The name “\(name)” is used twice.", ja: "名前「\(name)」が重複しています。"))
    }
  }

  /// Firewalls that the policy sends blocks to and that are not there: their blocks would get lost.
  private static func reportUnknown(_ named: [String], among names: [String], in root: ConfigurationSection) {
    // Where a firewall could not be read at all, that is what is to be mended first.
    guard !names.isEmpty else { return }
    let known = names.joined(separator: ", ")
    for name in named where !names.contains(name) {
      root.report(
        .invalid, "policy",
        Phrase(
          en: "The policy sends blocks to “\(name)”, which “firewalls” does not name. Known: \(known)",
          ja: "ポリシーの送信先「\(name)」が firewalls にありません。登録済み: \(known)"))
    }
  }

  // MARK: Parts

  private static let fallbackPolicy: Policy = {
    // Embedded and held by a test; only used so that reading can go on to find further problems.
    guard let policy = try? Policy(parsing: DefaultPolicy.standard.yaml, file: DefaultPolicy.standard.file)
    else { preconditionFailure("the embedded policy does not parse") }
    return policy
  }()

  /// A policy file relative to the configuration, or the name of one that comes with the product.
  private static func policy(named name: String?, in root: ConfigurationSection, folder: URL) -> Policy? {
    guard let name else { return fallbackPolicy }
    do throws(ConfigurationError) {
      if let embedded = DefaultPolicy(rawValue: name) {
        return try Policy(parsing: embedded.yaml, file: embedded.file)
      }
      let path = URL(filePath: name, relativeTo: folder).path
      return try Policy(parsing: try text(of: path), file: path)
    } catch {
      for problem in error.problems {
        if problem.code == .unreadable {
          let known = DefaultPolicy.allCases.map(\.rawValue)
          let hint = NearestKey.suggestion(for: name, among: known)
          root.report(
            .unreadable, "policy",
            Phrase(
              en:
                "There is no policy file “\(name)”. Give a path, or one of \(known.joined(separator: ", "))."
                + (hint.map { " Did you mean “\($0)”?" } ?? ""),
              ja: "ポリシーファイル「\(name)」がありません。パスか、\(known.joined(separator: "、")) のいずれかを指定してください。"
                + (hint.map { "「\($0)」ではありませんか。" } ?? "")))
        } else {
          root.problems.report(problem)
        }
      }
      return nil
    }
  }

  private static func firewall(
    _ section: ConfigurationSection, mode: PolicyMode, direction: TrafficDirection
  ) -> Firewall? {
    let name = section.requiredText("name", example: "edge")
    let word = section.requiredText("adapter", example: "nftables")
    let own = section.choice("mode", of: PolicyMode.self)
    let settings = section.section("settings")
    defer { section.finish() }
    guard let word else { return nil }
    guard let adapter = AdapterList.entry(named: word) else {
      let names = AdapterList.entries.map(\.manifest.name)
      let hint = NearestKey.suggestion(for: word, among: names)
      section.report(
        .invalid, "adapter",
        Phrase(
          en: "There is no adapter “\(word)”; known are \(names.joined(separator: ", "))."
            + (hint.map { " Did you mean “\($0)”?" } ?? ""),
          ja: "アダプター「\(word)」はありません。使えるもの: \(names.joined(separator: "、"))。"
            + (hint.map { "「\($0)」ではありませんか。" } ?? "")))
      return nil
    }
    let make = adapter.configure(settings, direction)
    guard let name, let make else { return nil }
    // The name stands in file names and command lines.
    guard name.utf8.count <= 64, !name.isEmpty,
      name.utf8.allSatisfy({
        $0 == 0x2D || $0 == 0x5F || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
      })
    else {
      section.report(
        .invalid, "name",
        Phrase(
          en: "A firewall's name is at most 64 letters, digits, hyphens and underscores.",
          ja: "ファイアウォールの名前は、英数字・ハイフン・アンダースコアで 64 文字以内にしてください。"))
      return nil
    }
    return Firewall(
      name: name, mode: mode.agreed(with: own ?? mode), adapter: adapter, make: make,
      location: section.location)
  }

  private static func sensor(_ section: ConfigurationSection) -> Sensor? {
    defer { section.finish() }
    let interface = section.requiredText("interface", example: "eth1")
    let promiscuous = section.flag("promiscuous")
    let ring = section.integer("ring-mebibytes", in: 1...4096)
    let filter = section.text("filter")
    let threads = section.integer("threads", in: 1...64)
    guard let interface else { return nil }
    var sensor = Sensor(interface: interface)
    sensor.isPromiscuous = promiscuous ?? true
    sensor.ringBytes = (ring ?? 128) << 20
    sensor.filter = filter
    sensor.threads = threads ?? Sensor.standardThreads
    return sensor
  }
}
