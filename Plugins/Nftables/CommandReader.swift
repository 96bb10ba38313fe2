import FirewallKit
import Language
import NetworkTypes

/// Reads a command list back from the text of a plan.
///
/// It takes what `[NftablesCommand].text` writes and nothing else: what this adapter would not have
/// written, or not this way, is refused before anything is sent.
struct CommandReader {
  private let bytes: [UInt8]
  private let table: String
  private var index = 0

  /// The commands of a text, all of them on `table`.
  static func commands(in text: String, table: String) throws(AdapterError) -> [NftablesCommand] {
    var reader = CommandReader(bytes: Array(text.utf8), table: table)
    guard let commands = reader.list() else { throw reader.refusal }
    return commands
  }

  private init(bytes: [UInt8], table: String) {
    self.bytes = bytes
    self.table = table
  }

  private var refusal: AdapterError {
    AdapterError(
      code: .unsupported,
      message: Phrase(
        en:
          "The commands are not of this adapter's making, or for another table than inet \(table) (byte \(index)). Nothing was changed; make the plan anew.",
        ja:
          "このコマンドは本アダプターが作成したものではないか、テーブル inet \(table) 以外に対するものです（\(index) バイト目）。何も変更していません。計画を作り直してください。"
      ))
  }

  // MARK: Commands

  private mutating func list() -> [NftablesCommand]? {
    var commands: [NftablesCommand] = []
    guard take(#"{"nftables":["#) else { return nil }
    while !take("]}") {
      guard take(commands.isEmpty ? "\n" : ",\n"), let command = command(), take("}}}") else { return nil }
      commands.append(command)
    }
    return index == bytes.count ? commands : nil
  }

  private mutating func command() -> NftablesCommand? {
    guard take("{"), let verb = string(), take(":{"), let object = string(),
      take(#":{"family":"inet","#)
    else { return nil }
    if object == "table" {
      guard take(#""name":"#), string() == table else { return nil }
      switch verb {
      case "create": return .createTable
      case "delete": return .deleteTable
      case "flush": return .flushTable
      default: return nil
      }
    }
    guard take(#""table":"#), string() == table else { return nil }
    switch (verb, object) {
    case ("add", "set"): return set().map { .addSet($0) }
    case ("add", "chain"): return chain()
    case ("delete", "chain"): return name().map { .deleteChain($0) }
    case ("add", "rule"): return rule()
    case ("add", "element"): return elements(.add)
    case ("delete", "element"): return elements(.delete)
    default: return nil
    }
  }

  private mutating func name() -> String? { take(#","name":"#) ? string() : nil }

  private mutating func set() -> NftablesScaffold.SetName? {
    guard let set = name().flatMap(NftablesScaffold.SetName.init(rawValue:)), take(#","type":"#),
      string() == set.type, take(#","flags":["#)
    else { return nil }
    for (index, flag) in set.flags.enumerated() {
      if index > 0, !take(",") { return nil }
      guard string() == flag else { return nil }
    }
    return take("]") ? set : nil
  }

  private mutating func chain() -> NftablesCommand? {
    guard let name = name() else { return nil }
    guard take(#","type":"#) else { return .addChain(name, base: nil) }
    guard let type = string(), type == "filter", take(#","hook":"#), let hook = string(),
      NftablesSettings.Hook(rawValue: hook) != nil, take(#","prio":"#)
    else { return nil }
    let sign: Int64 = take("-") ? -1 : 1
    guard let priority = number().flatMap({ Int32(exactly: sign * $0) }), take(#","policy":"#),
      let policy = string(), policy == "accept" || policy == "drop"
    else { return nil }
    return .addChain(
      name, base: .init(type: type, hook: hook, priority: Int(priority), policy: policy))
  }

  private mutating func rule() -> NftablesCommand? {
    guard take(#","chain":"#), let chain = string(), take(#","expr":["#) else { return nil }
    var rule = NftablesRule(verdict: .accept)
    if take(#"{"match":{"op":"==","left":{"payload":{"protocol":"#) {
      guard let family = string(), family == "ip" || family == "ip6", take(#","field":"#),
        let end = string().flatMap(NftablesRule.End.init(rawValue:)), take(#"}},"right":"#),
        let set = string(), set.hasPrefix("@"), take("}},")
      else { return nil }
      rule.match = .init(isIPv4: family == "ip", end: end, set: String(set.dropFirst()))
    }
    rule.counter = take(#"{"counter":null},"#)
    guard take("{"), let verdict = string(), take(":") else { return nil }
    switch verdict {
    case "accept", "drop", "return":
      guard take("null") else { return nil }
      rule.verdict = verdict == "accept" ? .accept : verdict == "drop" ? .drop : .return
    case "goto", "jump":
      guard take(#"{"target":"#), let target = string(), take("}") else { return nil }
      rule.verdict = verdict == "goto" ? .goto(target) : .jump(target)
    default: return nil
    }
    return take("}]") ? .addRule(rule, chain: chain) : nil
  }

  // MARK: Elements

  /// In seconds: far beyond any year that is written, and not beyond the kernel's milliseconds.
  private static let longestTimer: Int64 = 1_000_000_000_000_000

  private mutating func elements(_ verb: NftablesCommand.Verb) -> NftablesCommand? {
    guard let set = name().flatMap(NftablesScaffold.SetName.init(rawValue:)), take(#","elem":["#) else {
      return nil
    }
    var elements: [NftablesCommand.Element] = []
    // An element with its timer takes some sixty bytes.
    elements.reserveCapacity((bytes.count - index) / 48)
    repeat {
      guard let element = element(), element.prefix.isIPv4 == set.isIPv4,
        set.isInterval || element.prefix.isHost, element.prefix.length > 0
      else { return nil }
      elements.append(element)
    } while take(UInt8(ascii: ","))
    return take("]") ? .elements(verb, set, elements) : nil
  }

  private mutating func element() -> NftablesCommand.Element? {
    guard take(CommandText.elementOpening) else {
      return prefix().map { .init(prefix: $0, seconds: nil) }
    }
    guard let prefix = prefix(), take(CommandText.timeout), let seconds = number(),
      (1...Self.longestTimer).contains(seconds), take(CommandText.elementEnd)
    else { return nil }
    return .init(prefix: prefix, seconds: seconds)
  }

  private mutating func prefix() -> IPPrefix? {
    if take(UInt8(ascii: "\"")) { return address().map { IPPrefix($0) } }
    guard take(#"{"prefix":{"addr":""#), let address = address(), take(#","len":"#),
      let length = number(), length < address.bitWidth, take("}}")
    else { return nil }
    guard let prefix = IPPrefix(address, length: Int(length)), prefix.address == address else { return nil }
    return prefix
  }

  /// An address whose opening quotation mark has been taken, up to and with the closing one.
  private mutating func address() -> IPAddress? {
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += 1 }
    guard index < bytes.count else { return nil }
    let end = index
    index += 1
    return IPAddress(parsing: bytes.span.extracting(start..<end))
  }

  // MARK: Text

  private mutating func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func take(_ expected: [UInt8]) -> Bool {
    guard bytes.count - index >= expected.count else { return false }
    for place in expected.indices where bytes[index + place] != expected[place] { return false }
    index += expected.count
    return true
  }

  private mutating func take(_ expected: String) -> Bool { take(Array(expected.utf8)) }

  /// A number without sign and leading zeros.
  private mutating func number() -> Int64? {
    let start = index
    var value: Int64 = 0
    while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit <= 9 {
      guard index - start < 18 else { return nil }
      value = value * 10 + Int64(digit)
      index += 1
    }
    guard index > start, index - start == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
    return value
  }

  /// `NFT_NAME_MAXLEN` with its terminating zero.
  private static let longestName = 255

  /// A string with the escapes that `CommandText.string` writes.
  private mutating func string() -> String? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    var text: [UInt8] = []
    while index < bytes.count, text.count <= Self.longestName {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case 0..<0x20: return nil
      case UInt8(ascii: "\\"):
        guard let escaped = escape() else { return nil }
        text.append(escaped)
      default: text.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> UInt8? {
    if take(UInt8(ascii: "\"")) { return UInt8(ascii: "\"") }
    if take(UInt8(ascii: "\\")) { return UInt8(ascii: "\\") }
    guard take("u00"), bytes.count - index >= 2,
      let value = UInt8(String(decoding: bytes[index..<index + 2], as: UTF8.self), radix: 16), value < 0x20
    else { return nil }
    index += 2
    return value
  }
}
