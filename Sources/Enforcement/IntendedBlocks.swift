import FirewallKit
import NetworkTypes

extension Timestamp {
  /// Before every deadline.
  fileprivate static let distantPast = Timestamp(microseconds: .min)
}

/// What should be blocked on one firewall, computed from the decisions in force.
///
/// A target is blocked until the latest deadline of all decisions that cover it, so ending one of two
/// overlapping decisions takes nothing away from the other. Targets that lie wholly in the allow list
/// are left out while they are allowed.
struct IntendedBlocks: Sendable {
  private(set) var decisions: [Int64: Decision] = [:]
  /// The allow list of the journal.
  private(set) var allowed: Set<BlockTarget> = []
  /// The allow list of the policy: always there, and no reason by itself to touch the firewall.
  private let standing: Set<BlockTarget>
  private var entriesByTarget: [BlockTarget: Entries] = [:]
  private var prefixTargets: Set<IPPrefix> = []
  /// Holds every decision; the first entry is always one in force.
  private var deadlines = DeadlineQueue()
  private let form: Capabilities.Prefixes

  /// The decisions on one target. Nearly always one, which must not cost an array of its own.
  private struct Entries: Sendable {
    var first: DeadlineQueue.Entry
    var others: [DeadlineQueue.Entry] = []

    var ids: [Int64] { [first.id] + others.map(\.id) }

    /// Takes one out; `false` when none is left.
    mutating func remove(_ id: Int64) -> Bool {
      guard first.id == id else {
        others.removeAll { $0.id == id }
        return true
      }
      guard !others.isEmpty else { return false }
      first = others.removeFirst()
      return true
    }

    /// The latest deadline after `now` of those that are not in `ends`, or `other` if that is later.
    func latest(at now: Timestamp, ending ends: Set<Int64>, or other: Timestamp?) -> Timestamp? {
      var latest = other
      func consider(_ entry: DeadlineQueue.Entry) {
        guard entry.deadline > now, ends.isEmpty || !ends.contains(entry.id) else { return }
        latest = max(latest ?? entry.deadline, entry.deadline)
      }
      consider(first)
      for entry in others { consider(entry) }
      return latest
    }
  }

  init(
    decisions: [Decision], allowed: some Sequence<BlockTarget>, standing: some Sequence<BlockTarget> = [],
    form: Capabilities.Prefixes
  ) {
    self.form = form
    self.standing = Set(standing)
    self.allowed = Set(allowed)
    makeRoom(for: decisions.count)
    for decision in decisions { insert(decision) }
  }

  /// Called before many insertions, so that the tables grow once.
  mutating func makeRoom(for count: Int) {
    // Reserving exactly what is needed for each single block would copy everything each time.
    guard count > decisions.count / 8 else { return }
    decisions.reserveCapacity(decisions.count + count)
    entriesByTarget.reserveCapacity(decisions.count + count)
    deadlines.reserveCapacity(decisions.count + count)
  }

  mutating func insert(_ decision: Decision) {
    guard decisions.updateValue(decision, forKey: decision.id) == nil else { return }
    let entry = DeadlineQueue.Entry(deadline: decision.deadline, id: decision.id)
    deadlines.insert(entry)
    if var entries = entriesByTarget.updateValue(Entries(first: entry), forKey: decision.target) {
      entries.others.append(entry)
      entriesByTarget[decision.target] = entries
    }
    if case .prefix(let prefix) = decision.target, !prefix.isHost { prefixTargets.insert(prefix) }
  }

  mutating func remove(_ id: Int64) {
    guard let decision = decisions.removeValue(forKey: id) else { return }
    deadlines.discard(keeping: decisions.count) { [decisions] in
      decisions[$0.id]?.deadline != $0.deadline
    }
    guard entriesByTarget[decision.target]?.remove(id) == false else { return }
    entriesByTarget[decision.target] = nil
    if case .prefix(let prefix) = decision.target { prefixTargets.remove(prefix) }
  }

  mutating func setAllowed(_ targets: Set<BlockTarget>) { allowed = targets }

  /// Decisions on exactly this target.
  func ids(on target: BlockTarget) -> [Int64] { entriesByTarget[target]?.ids ?? [] }

  /// Whether a decision is on exactly this target.
  func holds(_ target: BlockTarget) -> Bool { entriesByTarget[target] != nil }

  /// Decisions whose deadline has passed, in the order of their numbers.
  func expired(at now: Timestamp) -> [Int64] {
    // One that ended and was reinstated may be there twice.
    let entries = deadlines.entries(until: now)
    return Set(entries.lazy.filter { decisions[$0.id]?.deadline == $0.deadline }.map(\.id)).sorted()
  }

  /// Whether the journal's allow list has anything for the firewall.
  var allowsPrefixes: Bool { allowed.contains { $0.prefix != nil } }

  /// The allowed prefixes: what a firewall exempts from its block rule. One that lies in another adds
  /// nothing and is left out, because some firewalls refuse overlaps.
  var allowedPrefixes: Set<IPPrefix> {
    var result: [IPPrefix] = []
    for prefix in allowed.union(standing).compactMap(\.prefix).sorted()
    where result.last?.contains(prefix) != true {
      result.append(prefix)
    }
    return Set(result)
  }

  /// All blocks, in the form the firewall takes, once `begins` are in force and `ends` are not.
  func blocks(
    at now: Timestamp, beginning begins: [Decision] = [], ending ends: some Sequence<Int64> = []
  ) -> [BlockTarget: Timestamp] {
    let ends = Set(ends)
    var result: [BlockTarget: Timestamp] = [:]
    result.reserveCapacity(entriesByTarget.count + begins.count)
    for (target, entries) in entriesByTarget where target.isHostOrName {
      let deadline = entries.latest(at: now, ending: ends, or: nil)
      if let deadline, !isAllowed(target) { result[target] = deadline }
    }
    var prefixes: [BlockTarget: Timestamp] = [:]
    for decision in begins where decision.deadline > now {
      if !decision.target.isHostOrName {
        prefixes.raise(decision.target, to: decision.deadline)
      } else if !isAllowed(decision.target) {
        result.raise(decision.target, to: decision.deadline)
      }
    }
    for (prefix, deadline) in prefixBlocks(at: now, ending: ends, beginning: prefixes) {
      result[.prefix(prefix)] = deadline
    }
    return result
  }

  /// The blocks that differ once `begins` are in force and `ends` are not, by target: the deadline
  /// afterwards, or `nil` when the target is then not blocked. Nothing is changed here.
  func outcome(beginning begins: [Decision], ending ends: some Sequence<Int64>, at now: Timestamp)
    -> [BlockTarget: Timestamp?]
  {
    let ends = Set(ends)
    var result: [BlockTarget: Timestamp?] = [:]
    result.reserveCapacity(begins.count + ends.count)
    var prefixes: [BlockTarget: Timestamp] = [:]
    var touchesPrefixes = false
    func touch(_ target: BlockTarget, beginning: Timestamp?) {
      let deadline = deadline(of: target, at: now, ending: ends, beginning: beginning)
      let known = result[target] ?? nil
      result.updateValue(known.map { max($0, deadline ?? $0) } ?? deadline, forKey: target)
    }
    for decision in begins where decision.deadline > now {
      if !decision.target.isHostOrName {
        touchesPrefixes = true
        prefixes.raise(decision.target, to: decision.deadline)
        if form == .disjoint { continue }
      }
      touch(decision.target, beginning: decision.deadline)
    }
    for id in ends {
      guard let target = decisions[id]?.target else { continue }
      if !target.isHostOrName {
        touchesPrefixes = true
        if form == .disjoint { continue }
      }
      touch(target, beginning: nil)
    }
    guard touchesPrefixes, form == .disjoint else { return result }
    // Overlaps can reshape neighbours, and the prefixes of such firewalls are few: compare them all.
    // A decision whose deadline has passed may still be on the device for its margin, where a new
    // prefix must not overlap it: it counts as there before, and never as there after.
    let before = prefixBlocks(at: .distantPast, ending: [], beginning: [:])
    let after = prefixBlocks(at: now, ending: ends, beginning: prefixes)
    for (prefix, deadline) in after where before[prefix] != deadline {
      result.updateValue(deadline, forKey: .prefix(prefix))
    }
    for prefix in before.keys where after[prefix] == nil { result.updateValue(nil, forKey: .prefix(prefix)) }
    return result
  }

  /// The decision that keeps a target blocked the longest; for a piece of a prefix, one that covers it.
  func latestDecision(on target: BlockTarget) -> Decision? {
    let ids = ([target] + covering(target)).flatMap { self.ids(on: $0) }
    return ids.compactMap { decisions[$0] }.max { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
  }

  /// Other prefixes in force that contain the target, or names above it.
  func covering(_ target: BlockTarget) -> [BlockTarget] {
    switch target {
    case .prefix(let prefix):
      prefixTargets.filter { $0 != prefix && $0.contains(prefix) }.sorted().map { .prefix($0) }
    case .name(let name):
      Array(
        sequence(first: name, next: \.parent).dropFirst().map { .name($0) }.filter {
          entriesByTarget[$0] != nil
        })
    }
  }

  /// Whether nothing would be blocked and nothing allowed once `begins` are in force and `ends` are not.
  func isEmpty(afterBeginning begins: [Decision], ending ends: [Int64], at now: Timestamp) -> Bool {
    guard !allowsPrefixes else { return false }
    let ends = Set(ends)
    return !begins.contains { $0.deadline > now }
      && !decisions.values.contains { $0.deadline > now && !ends.contains($0.id) && !isAllowed($0.target) }
  }

  /// The earliest deadline of all decisions; `nil` without any.
  var soonestDeadline: Timestamp? { deadlines.first?.deadline }

  /// How many targets are blocked, before overlaps are resolved.
  var count: Int { entriesByTarget.count }

  private func deadline(
    of target: BlockTarget, at now: Timestamp, ending ends: Set<Int64>, beginning: Timestamp?
  ) -> Timestamp? {
    guard !isAllowed(target) else { return nil }
    guard let entries = entriesByTarget[target] else { return beginning }
    return entries.latest(at: now, ending: ends, or: beginning)
  }

  private func prefixBlocks(
    at now: Timestamp, ending ends: Set<Int64>, beginning: [BlockTarget: Timestamp]
  ) -> [IPPrefix: Timestamp] {
    var result: [IPPrefix: Timestamp] = [:]
    var targets = prefixTargets
    for case .prefix(let prefix) in beginning.keys where !prefix.isHost { targets.insert(prefix) }
    for prefix in targets {
      let target = BlockTarget.prefix(prefix)
      result[prefix] = deadline(of: target, at: now, ending: ends, beginning: beginning[target])
    }
    return form == .disjoint ? DisjointBlocks.resolve(result) : result
  }

  private func isAllowed(_ target: BlockTarget) -> Bool {
    guard !(allowed.isEmpty && standing.isEmpty) else { return false }
    return allowed.contains(where: covers) || standing.contains(where: covers)
    func covers(_ entry: BlockTarget) -> Bool {
      switch (entry, target) {
      case (.prefix(let entry), .prefix(let target)): entry.contains(target)
      case (.name(let entry), .name(let target)): entry.contains(target)
      default: false
      }
    }
  }
}

extension BlockTarget {
  /// Whether whatever overlaps it contains it, so that it never has to be cut.
  fileprivate var isHostOrName: Bool { prefix?.isHost ?? true }
}

extension [BlockTarget: Timestamp] {
  /// Sets a deadline, unless the target has a later one.
  fileprivate mutating func raise(_ target: BlockTarget, to deadline: Timestamp) {
    if let known = updateValue(deadline, forKey: target), known > deadline { self[target] = known }
  }
}
