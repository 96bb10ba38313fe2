import Enforcement
import FirewallKit
import Language
import NetworkTypes
import Policy

/// What the laws have in hand: the subject, its adapter, and the steps that many of them take.
struct Trial: Sendable {
  let subject: ConformanceSubject
  let adapter: any FirewallAdapter
  static let slack: Duration = .seconds(5)
  /// How far two readings of one timer may differ: whole seconds, and the time that a reading takes. The
  /// engine leaves alone what differed by its slack when it read; a later reading may show that much more.
  static let readingError: Duration = .seconds(3)
  static let cause = Cause(origin: .person, actor: "conformance", reason: "trial")

  init(_ subject: ConformanceSubject) {
    self.subject = subject
    self.adapter = subject.makeAdapter()
  }

  var capabilities: Capabilities { adapter.manifest.capabilities }
  var now: Timestamp { subject.clock() }
  func later(_ seconds: Int64) -> Timestamp { now + .seconds(seconds) }

  func state(_ scope: Scope = .everything) async throws -> FirewallState {
    try await adapter.state(in: scope)
  }

  /// A state with our scaffold and these blocks, their time given in seconds from now. Kinds that the
  /// adapter does not declare are left out; when nothing is left, the state is empty, as the engine's is.
  func state(blocking blocks: [String: Int64], allowing allowed: [String] = []) -> FirewallState {
    let kept = blocks.filter { capabilities.kinds.contains(target($0.key).kind) }
    return FirewallState(
      readAt: now, scaffold: kept.isEmpty && allowed.isEmpty ? [:] : adapter.scaffold,
      allowed: Set(allowed.compactMap { target($0).prefix }),
      blocks: Dictionary(uniqueKeysWithValues: kept.map { (target($0.key), later($0.value)) }))
  }

  /// Leads the device to a state through the adapter alone.
  func lead(to goal: FirewallState) async throws {
    let current = try await state()
    for operation in try await adapter.operations(from: current, to: goal) {
      try await adapter.perform(operation)
    }
  }

  func clear() async throws {
    try await lead(to: FirewallState(readAt: now))
    let left = try await state()
    try expect(left.isEmpty, Phrase(en: "Something of ours is left.", ja: "本製品のエントリーが残っています。"))
  }

  /// - Parameter faults: those of the adapter, when it has any.
  func engine(
    _ adapter: (any FirewallAdapter)? = nil, faults: Faults = Faults(), journal: any Journal,
    dryRun: Bool = false
  ) -> FirewallEngine {
    FirewallEngine(
      name: "trial", adapter: adapter ?? self.adapter, journal: journal, policy: Self.policy,
      mode: dryRun ? .dryRun : .enforce, protection: { [] }, runOut: faults.runOut, clock: subject.clock)
  }

  static let policy = Policy(
    name: "trial", mode: .enforce, maximumTimeToLive: .seconds(365 * 86_400),
    minimumPrefixLength: Policy.PrefixLengths(ipv4: 8, ipv6: 16))

  func orders(_ targets: [String], seconds: Int64 = 3600) -> [BlockOrder] {
    targets.map { BlockOrder(target: target($0), timeToLive: .seconds(seconds)) }
      .filter { capabilities.kinds.contains($0.target.kind) }
  }

  func target(_ text: String) -> BlockTarget {
    guard let target = BlockTarget(text) else { preconditionFailure("\(text) is no target") }
    return target
  }

  func expect(_ condition: Bool, _ otherwise: @autoclosure () -> Phrase) throws {
    if !condition { throw Breach(because: otherwise()) }
  }

  /// That the device holds a state, both ways.
  func expectHolds(_ found: FirewallState, _ goal: FirewallState, slack: Duration = Self.slack) throws {
    let differences = found.differences(from: goal, at: now, slack: slack)
    try expect(
      differences.isEmpty,
      Phrase(
        en: "Read back, it differs from what was asked for: \(differences)",
        ja: "読み戻すと、求めた状態と異なります: \(differences)"))
  }

  func expectApplied(_ report: ActionReport) throws {
    guard case .applied = report.receipt?.outcome else {
      throw Breach(
        because: Phrase(
          en:
            "Not applied: \(String(describing: report.receipt?.outcome)), refused \(report.plan.refused.map(\.reason.en))",
          ja:
            "適用されませんでした: \(String(describing: report.receipt?.outcome))、拒否 \(report.plan.refused.map(\.reason.ja))"
        ))
    }
  }

  /// Until when an address is blocked by what was read; `nil` when it is not.
  static func deadline(of address: IPAddress, in blocks: [BlockTarget: Timestamp], at now: Timestamp)
    -> Timestamp?
  {
    blocks.filter { $0.value > now && $0.key.prefix?.contains(address) == true }.map(\.value).max()
  }

  /// The addresses at and beside the ends of prefixes: where two shapes that differ would show it.
  static func samples(_ targets: some Sequence<BlockTarget>) -> [IPAddress] {
    var samples: Set<IPAddress> = []
    for prefix in targets.compactMap(\.prefix) {
      samples.formUnion([prefix.address, prefix.last])
      if let sibling = prefix.sibling { samples.formUnion([sibling.address, sibling.last]) }
    }
    return samples.sorted()
  }

  /// That addresses are blocked exactly as long as the blocks together say, whatever their shape.
  ///
  /// A device without timers may keep `ended` ones until the engine has ended them.
  func expectSameReach(
    _ found: FirewallState, _ wanted: [BlockTarget: Timestamp], ended: [BlockTarget: Timestamp] = [:]
  ) throws {
    for address in Self.samples(Set(wanted.keys).union(found.blocks.keys)) {
      let actual = Self.deadline(of: address, in: found.blocks, at: now)
      let should = Self.deadline(of: address, in: wanted, at: now)
      if actual == .untimed, Self.deadline(of: address, in: ended, at: Timestamp(microseconds: .min)) != nil {
        continue
      }
      try expect(
        Self.agree(actual, should),
        Phrase(
          en:
            "\(address) is blocked until \(actual?.description ?? "never"), not until \(should?.description ?? "never").",
          ja: "\(address) の遮断期限は \(should?.description ?? "なし") のはずですが、\(actual?.description ?? "なし") です。"))
    }
  }

  static func agree(_ a: Timestamp?, _ b: Timestamp?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return a == .untimed || (a > b ? a - b : b - a) <= slack + readingError
  }
}
