import FirewallKit
import NetworkTypes
import Randomness
import Testing

@testable import Nftables

@Suite struct CommandReaderTests {
  private let readAt = Timestamp(seconds: 1_700_000_000)

  private func read(_ text: String) throws -> [NftablesCommand] {
    try CommandReader.commands(in: text, table: "sekisho")
  }

  /// Longer than the length of an attribute can say.
  private static let tooLong = String(repeating: "x", count: 70_000)

  private static func list(_ command: String) -> String { "{\"nftables\":[\n\(command)]}" }

  private static func addition(_ set: String, _ elements: String) -> String {
    list(
      #"{"add":{"element":{"family":"inet","table":"sekisho","name":"\#(set)","elem":[\#(elements)]}}}"#)
  }

  /// A state with some of everything that the table can hold.
  private func state(_ random: inout SplitMix64) -> FirewallState {
    var settings = NftablesSettings(table: "sekisho", hooks: NftablesSettings.defaultHooks)
    settings.counters = Bool.random(using: &random)
    if Bool.random(using: &random) { settings.priority = Int.random(in: -199...500, using: &random) }
    var state = FirewallState(readAt: readAt, scaffold: NftablesScaffold.scaffold(for: settings))
    if Int.random(in: 0..<4, using: &random) == 0 { state.scaffold["chain \"odd\\\u{1}\u{7}名"] = "regular" }
    for _ in 0..<Int.random(in: 0..<40, using: &random) {
      guard let prefix = prefix(&random) else { continue }
      let seconds = Int64.random(in: 1...1_000_000, using: &random)
      state.blocks[.prefix(prefix)] =
        Int.random(in: 0..<9, using: &random) == 0 ? NftablesDialect.never : readAt + .seconds(seconds)
    }
    for _ in 0..<Int.random(in: 0..<4, using: &random) {
      if let prefix = prefix(&random) { state.allowed.insert(prefix) }
    }
    return state
  }

  private func prefix(_ random: inout SplitMix64) -> IPPrefix? {
    let address =
      Bool.random(using: &random)
      ? IPAddress(ipv4: random.next(upperBound: .max))
      : IPAddress(high: random.next(), low: random.next())
    return IPPrefix(address, length: Int.random(in: 1...address.bitWidth, using: &random))
  }

  @Test func whatAPlanSaysIsReadBackToTheSameBytes() throws {
    var random = SplitMix64(seed: 11)
    let dialect = NftablesDialect(table: "sekisho")
    for _ in 0..<200 {
      let from = Bool.random(using: &random) ? FirewallState(readAt: readAt) : state(&random)
      let goal = state(&random)
      guard let (operation, commands) = try dialect.operation(from: from, to: goal) else { continue }
      // What was just written may be run without reading it back: it has to mean the same.
      #expect(try read(operation.literal) == commands)
      #expect(commands.text(table: "sekisho") == operation.literal)
    }
  }

  @Test func aByteThatWasChangedIsRefusedOrMeansWhatItSays() throws {
    var random = SplitMix64(seed: 12)
    let dialect = NftablesDialect(table: "sekisho")
    for _ in 0..<50 {
      let operation = try #require(
        try dialect.operations(from: FirewallState(readAt: readAt), to: state(&random)).first)
      for _ in 0..<40 {
        var bytes = Array(operation.literal.utf8)
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
          bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 1...127, using: &random)
        case 1: bytes.remove(at: Int.random(in: bytes.indices, using: &random))
        default: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let commands = try? read(text) else { continue }
        #expect(commands.text(table: "sekisho") == text)
      }
    }
  }

  @Test(arguments: [
    #"{"nftables":[]"#, #"{"nftables":[]}x"#, #"{"nftables": []}"#,
    list(#"{"delete":{"table":{"family":"inet","name":"other"}}}"#),
    list(#"{"delete":{"table":{"family":"ip","name":"sekisho"}}}"#),
    list(#"{"flush":{"ruleset":{"family":"inet","name":"sekisho"}}}"#),
    addition("blocked4", #""2001:db8::1""#),
    addition("blocked4", #"{"prefix":{"addr":"192.0.2.0","len":24}}"#),
    addition("blocked4-prefixes", #"{"prefix":{"addr":"192.0.2.1","len":24}}"#),
    addition("blocked4", #"{"elem":{"val":"192.0.2.1","timeout":0}}"#),
    addition("blocked4", #"{"elem":{"val":"192.0.2.1","timeout":999999999999999999}}"#),
    list(
      #"{"delete":{"chain":{"family":"inet","table":"sekisho","name":"\#(tooLong)"}}}"#),
    addition("allowed4", ""), addition("others", #""192.0.2.1""#),
  ])
  func whatThisAdapterWouldNotWriteIsRefused(_ text: String) {
    #expect { try read(text) } throws: { ($0 as? AdapterError)?.code == .unsupported }
  }

  @Test func oneMessageHoldsAsManyElementsAsItsLengthCanSay() throws {
    let elements = (0..<5000 as Range<UInt32>).map {
      NftablesCommand.Element(prefix: IPPrefix(IPAddress(ipv4: $0 << 8)), seconds: 60)
    }
    let transaction = NftablesTransaction([.elements(.add, .blocked4, elements)], table: "sekisho", first: 7)
    let bytes = transaction.bytes(for: .commit(generation: 1))
    var index = 0
    var sequences: [UInt32] = []
    while let header = NetlinkHeader.next(in: bytes.span, at: &index) { sequences.append(header.sequence) }
    #expect(index == bytes.count)
    #expect(sequences == Array(7...(7 + transaction.span)))
    #expect(transaction.span > 2)
    #expect(transaction.subject(of: 8) == "add elements of blocked4")
    #expect(transaction.subject(of: 7) == nil)
  }
}
