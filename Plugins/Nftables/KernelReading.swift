import CNFTables
import FirewallKit
import Glibc
import Language
import NetworkTypes

/// Reads our table from the kernel by netlink.
struct KernelReading {
  private typealias SetName = NftablesScaffold.SetName

  let socket: NetlinkSocket
  let table: String
  let clock: @Sendable () -> Timestamp

  /// From how many addresses on a second thread is worth its start.
  private static let worthTwoThreads = 2048

  /// Up to how many addresses are asked for singly, whatever the set holds.
  private static let alwaysSingly = 4096

  /// Whether asking for single addresses is cheaper than a dump of the whole set. A question costs 2.4
  /// microseconds, of which two threads do half each, and an element of a dump 2; but for each 32 KiB of
  /// a dump the kernel walks over all that it handed out before.
  private static func asksSingly(_ asked: Int, of count: Int) -> Bool {
    asked < alwaysSingly || Double(asked) * 0.6 < Double(count) * (1 + Double(count) / 75_000)
  }

  /// How often a reading is begun anew because the rules changed meanwhile.
  private static let attempts = 8

  /// - Parameter known: what an earlier reading found beside the blocks. It is renewed here, and spares
  ///   reading the same again for a few targets while the kernel tells the same generation.
  func state(in scope: Scope, knowing known: inout TableOutline?) throws(AdapterError) -> FirewallState {
    for _ in 0..<Self.attempts {
      if let state = try attempt(scope, knowing: &known) { return state }
    }
    throw AdapterError(
      kernel: EBUSY, during: .asking, detail: "the ruleset changed during \(Self.attempts) readings")
  }

  /// What the drop rules of our chains have counted; `nil` when they do not count.
  func counters() throws(AdapterError) -> NftablesCounters? {
    var sum: NftablesCounters?
    _ = try rules { _, _, drops in
      guard let drops else { return }
      sum = NftablesCounters(
        packets: (sum?.packets ?? 0) &+ drops.packets, bytes: (sum?.bytes ?? 0) &+ drops.bytes)
    }
    return sum
  }

  /// The generation of the whole ruleset.
  func generation() throws(AdapterError) -> UInt32 {
    var number: UInt32?
    _ = try socket.exchange(
      NFT_MSG_GETGEN,
      receiving: { bytes, header in
        number = NftablesReader.generation(bytes, header)
      })
    guard let number else {
      throw AdapterError(
        code: .unreadable,
        message: Phrase(
          en: "The kernel did not tell the generation of the ruleset.",
          ja: "カーネルがルールセットの世代番号を返しませんでした。"))
    }
    return number
  }

  // MARK: One attempt

  /// `nil` when the rules changed meanwhile, so that the parts may not belong together.
  private func attempt(
    _ scope: Scope, knowing known: inout TableOutline?
  ) throws(AdapterError) -> FirewallState? {
    let generation = try generation()
    var state = FirewallState(readAt: clock())
    var counts: [String: Int] = [:]
    if case .targets(let targets) = scope, targets.count < Self.alwaysSingly, let known,
      known.generation == generation
    {
      state.scaffold = known.scaffold
      state.allowed = known.allowed
    } else {
      guard let scaffold = try scaffold(counts: &counts) else { return nil }
      state.scaffold = scaffold
      for set in SetName.allCases where set.isAllowed {
        guard let entries = try intervals(of: set, into: &state.scaffold) else { return nil }
        for entry in entries { state.allowed.insert(entry.prefix) }
      }
    }
    let outline = TableOutline(
      generation: generation, scaffold: state.scaffold, allowed: state.allowed)
    switch scope {
    case .everything:
      guard try readAll(into: &state, counts: counts) else { return nil }
    case .targets(let targets):
      guard try read(targets, counts: counts, into: &state) else { return nil }
    }
    guard try self.generation() == generation else { return nil }
    known = outline
    return state
  }

  private func readAll(
    into state: inout FirewallState, counts: [String: Int]
  ) throws(AdapterError) -> Bool {
    for set in SetName.allCases where !set.isAllowed {
      if set.isInterval {
        guard let entries = try intervals(of: set, into: &state.scaffold) else { return false }
        for entry in entries { state.blocks[.prefix(entry.prefix)] = entry.deadline }
      } else {
        guard try readHosts(of: set, count: counts[set.rawValue], into: &state) else { return false }
      }
    }
    return true
  }

  private func read(
    _ targets: Set<BlockTarget>, counts: [String: Int], into state: inout FirewallState
  ) throws(AdapterError) -> Bool {
    var hosts4: [IPPrefix] = []
    var hosts6: [IPPrefix] = []
    var prefixSets: Set<SetName> = []
    for case .prefix(let prefix) in targets {
      if !prefix.isHost {
        prefixSets.insert(.holding(block: prefix))
      } else if prefix.isIPv4 {
        hosts4.append(prefix)
      } else {
        hosts6.append(prefix)
      }
    }
    for (set, prefixes) in [(SetName.blocked4, hosts4), (.blocked6, hosts6)]
    where !prefixes.isEmpty && state.scaffold[set.part] == set.content {
      if Self.asksSingly(prefixes.count, of: counts[set.rawValue] ?? 0) {
        try readSingly(prefixes, in: set, into: &state)
      } else {
        var all = FirewallState(readAt: state.readAt, scaffold: state.scaffold)
        guard try readHosts(of: set, count: counts[set.rawValue], into: &all) else { return false }
        state.scaffold = all.scaffold
        for prefix in prefixes { state.blocks[.prefix(prefix)] = all.blocks[.prefix(prefix)] }
      }
    }
    // A kernel that is asked for one address of an interval set answers with one end of an interval;
    // the few elements of such a set are read faster than puzzled together.
    for set in prefixSets.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard let entries = try intervals(of: set, into: &state.scaffold) else { return false }
      for entry in entries where targets.contains(.prefix(entry.prefix)) {
        state.blocks[.prefix(entry.prefix)] = entry.deadline
      }
    }
    return true
  }

  // MARK: Scaffold

  /// Empty when there is no table of our name; `nil` when a dump was interrupted.
  private func scaffold(counts: inout [String: Int]) throws(AdapterError) -> Scaffold? {
    var parts: Scaffold = [:]
    let found = try socket.exchange(NFT_MSG_GETTABLE) { message in
      message.attribute(NFTA_TABLE_NAME.rawValue, text: table)
    } receiving: { bytes, header in
      parts[NftablesScaffold.tablePart] = NftablesReader.table(bytes, header)
    }
    guard found == .complete else { return found == .absent ? [:] : nil }

    var heads: [(name: String, head: String)] = []
    let chains = try socket.exchange(
      NFT_MSG_GETCHAIN, dump: true,
      receiving: { bytes, header in
        if let chain = NftablesReader.chain(bytes, header, of: table) { heads.append(chain) }
      })
    guard chains == .complete else { return nil }
    guard heads.contains(where: { $0.name == NftablesScaffold.markChain }) else { throw foreign() }

    var lines: [String: [String]] = [:]
    let rules = try rules { chain, text, _ in lines[chain, default: []].append(text) }
    guard rules == .complete else { return nil }
    for (name, head) in heads {
      parts[NftablesScaffold.part(chain: name)] =
        ([head] + (lines[name] ?? [])).joined(separator: "\n")
    }
    let sets = try socket.exchange(NFT_MSG_GETSET, dump: true) { message in
      message.attribute(NFTA_SET_TABLE.rawValue, text: table)
    } receiving: { bytes, header in
      if let set = NftablesReader.set(bytes, header, of: table) {
        parts[NftablesScaffold.part(set: set.name)] = set.content
        counts[set.name] = set.count
      }
    }
    return sets == .complete ? parts : nil
  }

  private func rules(
    _ body: (_ chain: String, _ text: String, _ drops: NftablesCounters?) -> Void
  ) throws(AdapterError) -> NetlinkSocket.Ending {
    try socket.exchange(NFT_MSG_GETRULE, dump: true) { message in
      message.attribute(NFTA_RULE_TABLE.rawValue, text: table)
    } receiving: { bytes, header in
      if let rule = NftablesReader.rule(bytes, header, of: table) {
        body(rule.chain, rule.text, rule.drops)
      }
    }
  }

  private func foreign() -> AdapterError {
    AdapterError(
      code: .foreign,
      message: Phrase(
        en:
          "The table inet \(table) is there but does not carry our mark (an empty chain \(NftablesScaffold.markChain)), so it belongs to someone else and was left alone. Choose another name with `table:`, or remove it yourself: nft delete table inet \(table)",
        ja:
          "テーブル inet \(table) がありますが、本製品の印（空のチェーン \(NftablesScaffold.markChain)）がないため他者のものと見なし、触れていません。`table:` で別の名前を選ぶか、不要なら次のコマンドで削除してください: nft delete table inet \(table)"
      ))
  }

  // MARK: Elements

  private struct Entry {
    var prefix: IPPrefix
    var deadline: Timestamp
  }

  /// All addresses of a hash set; `false` when the rules changed meanwhile.
  ///
  /// A set that is not as it should be is not read: it is made anew anyway. One that holds something
  /// that is not an element of ours gets a content in the scaffold that says so, for the same end.
  ///
  /// For a moment after many additions the kernel moves a hash set to a larger table, and a dump in
  /// that moment silently leaves elements out (seen on 6.18: 1,300 of 100,000). So a dump must reach
  /// the kernel's own count, or another one after it must find nothing new.
  private func readHosts(
    of set: SetName, count: Int?, into state: inout FirewallState
  ) throws(AdapterError) -> Bool {
    guard state.scaffold[set.part] == set.content else { return true }
    let before = state.blocks.count
    var hasForeign = false
    if let count { state.blocks.reserveCapacity(before + count) }
    for pass in 0..<Self.attempts {
      let known = state.blocks.count
      let ending = try dump(set) { element, moment in
        if let address = NftablesReader.address(element.key, isIPv4: set.isIPv4), !element.isForeign {
          state.blocks[.prefix(IPPrefix(address))] = Self.deadline(element.remaining, at: moment)
        } else {
          hasForeign = true
        }
      }
      guard ending == .complete else { return false }
      if hasForeign {
        state.scaffold[set.part] = "\(set.content), foreign elements"
        return true
      }
      if let count, state.blocks.count - before >= count { return true }
      if pass > 0, state.blocks.count == known { return true }
    }
    return false
  }

  /// The prefixes of an interval set; `nil` when the dump was interrupted.
  private func intervals(of set: SetName, into scaffold: inout Scaffold) throws(AdapterError) -> [Entry]? {
    guard scaffold[set.part] == set.content else { return [] }
    var pieces: [NftablesReader.Element] = []
    var moment = clock()
    let ending = try dump(set) {
      pieces.append($0)
      moment = $1
    }
    guard ending == .complete else { return nil }
    let (found, hasForeign) = NftablesReader.prefixes(pieces, isIPv4: set.isIPv4, hosts: set.isAllowed)
    if hasForeign { scaffold[set.part] = "\(set.content), foreign elements" }
    return found.map { Entry(prefix: $0.prefix, deadline: Self.deadline($0.remaining, at: moment)) }
  }

  /// Hands each element of a set to `body`, with the moment at which its timer was read.
  private func dump(
    _ set: SetName, _ body: (NftablesReader.Element, Timestamp) -> Void
  ) throws(AdapterError) -> NetlinkSocket.Ending {
    try socket.exchange(NFT_MSG_GETSETELEM, dump: true) { message in
      message.attribute(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table)
      message.attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set.rawValue)
    } receiving: { bytes, header in
      let moment = clock()
      NftablesReader.elements(bytes, header, isIPv4: set.isIPv4) { body($0, moment) }
    }
  }

  /// Asks for single addresses of a hash set; many of them on two threads, because the kernel answers
  /// both at once.
  private func readSingly(
    _ prefixes: [IPPrefix], in set: SetName, into state: inout FirewallState
  ) throws(AdapterError) {
    let question = ElementQuestion(table: table, set: set, clock: clock)
    let middle = prefixes.count < Self.worthTwoThreads ? prefixes.count : prefixes.count / 2
    guard middle < prefixes.count else {
      for entry in try question.ask(prefixes[...], through: socket) { note(entry) }
      return
    }
    let second = try NetlinkSocket()
    let others = DedicatedThread.beside { () -> Result<[ElementQuestion.Entry], AdapterError> in
      do throws(AdapterError) {
        return .success(try question.ask(prefixes[middle...], through: second))
      } catch {
        return .failure(error)
      }
    }
    let own = Result { () throws(AdapterError) in
      try question.ask(prefixes[..<middle], through: socket)
    }
    let half = others()
    state.blocks.reserveCapacity(state.blocks.count + prefixes.count)
    for entry in try own.get() { note(entry) }
    for entry in try half?.get() ?? [] { note(entry) }

    func note(_ entry: ElementQuestion.Entry) {
      state.blocks[.prefix(entry.prefix)] = Self.deadline(entry.remaining, at: entry.moment)
    }
  }

  private static func deadline(_ remaining: Duration?, at moment: Timestamp) -> Timestamp {
    guard let remaining else { return NftablesDialect.never }
    return min(DeviceTimer.deadline(remaining: remaining, at: moment), NftablesDialect.never)
  }
}
