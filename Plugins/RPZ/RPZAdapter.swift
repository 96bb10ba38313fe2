public import FirewallKit
import Glibc
import HostPrograms
import Language
public import NetworkTypes

/// The resolver that the terminals use, through a response policy zone (draft-vixie-dnsop-dns-rpz): BIND,
/// Unbound, Knot Resolver and others read one. Names can be blocked here that live at addresses which
/// nobody may cut.
///
/// The zone is a file of ours. Which version of it the resolver answers by is asked of the resolver itself:
/// the zone gives a name that nobody uses a text that is the hash of all its records.
public struct RPZAdapter: FirewallAdapter {
  public static let manifest = AdapterManifest(
    name: "rpz",
    summary: Phrase(
      en: "A DNS resolver with a response policy zone (BIND, Unbound)",
      ja: "応答ポリシーゾーン（RPZ）を使う DNS リゾルバー（BIND、Unbound）"),
    capabilities: Capabilities(
      kinds: Set(TargetKind.allCases), atomicity: .plan, readBack: .live, expiry: .gateway,
      validation: .local, prefixes: .overlapping, driftDetection: .interval, survivesRestart: true),
    testedAgainst: [TestPeer(.real, "BIND"), TestPeer(.real, "Unbound")])

  public let settings: RPZSettings
  private let store: ZoneStore
  private let programs: HostPrograms
  private let question: ResolverQuestion
  private let clock: @Sendable () -> Timestamp

  /// How long the resolver may take to answer by what it was told to read.
  static let patience: Duration = .seconds(3)

  /// - Parameter clock: the time that deadlines are counted by; the engine's own.
  public init(settings: RPZSettings, clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.settings = settings
    self.clock = clock
    store = ZoneStore(path: settings.file)
    question = ResolverQuestion(
      resolver: settings.resolver, port: settings.port, name: settings.versionName)
    programs = HostPrograms(directories: HostPrograms.searchPath, meaning: Self.meaning(settings))
  }

  public var scaffold: Scaffold { RPZDialect(settings: settings).scaffold }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let reader = RPZReader(settings: settings)
    guard let zone = try reader.zone(try store.read()) else { return FirewallState(readAt: clock()) }
    let version = try await versionInForce(awaited: zone.content.version)
    return reader.state(zone, version: version, at: clock()).restricted(to: scope)
  }

  /// The version that the resolver answers by; `nil` when by none of ours.
  private func versionInForce(awaited version: String?) async throws(AdapterError) -> String? {
    let end = ContinuousClock.now + Self.patience
    while true {
      let answer = try await versionInForce()
      guard answer != version, ContinuousClock.now < end else { return answer }
      // A resolver may read the zone after the command that tells it to has ended.
      do { try await Task.sleep(for: .milliseconds(10)) } catch { return answer }
    }
  }

  private func versionInForce() async throws(AdapterError) -> String? {
    guard let version = try await question.text() else { return nil }
    // Anything else is the answer of somebody who owns that name.
    return version.utf8.count == 32 && version.utf8.allSatisfy({ isxdigit(CInt($0)) != 0 }) ? version : nil
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try RPZDialect(settings: settings).operations(from: current, to: goal)
  }

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard case .message(let text) = operation.step, let edit = ZoneEdit(text),
      edit.file == settings.file, edit.reload == settings.reload
    else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the rpz adapter with these settings.",
          ja: "この操作は、現在の設定の rpz アダプターのものではありません。"))
    }
    let before = try store.read() ?? ""
    guard var zone = before.isEmpty ? PolicyZone() : PolicyZone(before) else {
      throw AdapterError(
        code: .conflict,
        message: Phrase(
          en: "\(settings.file) is no longer a file of ours. Nothing was changed.",
          ja: "\(settings.file) は本製品のファイルではなくなっています。変更は行われていません。"))
    }
    zone = edit.applied(to: zone)
    // The time, because a zone file that was lost must not begin below what the resolver has; and at
    // least one more, for secondaries.
    zone.serial = max(zone.serial &+ 1, UInt32(truncatingIfNeeded: clock().microseconds / 1_000_000))
    try store.write(zone.text(settings.versionName))
    _ = try await programs.run(settings.reload[0], Array(settings.reload.dropFirst()))
  }

  /// What a failure of the command for reading again means.
  private static func meaning(_ settings: RPZSettings) -> @Sendable (HostPrograms.Refusal) -> AdapterError {
    { refusal in
      let command = settings.reload.joined(separator: " ")
      return AdapterError(
        code: .rejected,
        message: Phrase(
          en: "“\(command)” ended with an error (\(refusal.status)). The zone file is written; whether the "
            + "resolver read it, only reading tells.",
          ja: "「\(command)」がエラーで終了しました（\(refusal.status)）。ゾーンファイルは書き込み済みです。"
            + "リゾルバーが読み込んだかどうかは、読み戻しで判断します。"),
        detail: String(refusal.complaint.trimmingPrefix(while: \.isWhitespace)))
    }
  }
}
