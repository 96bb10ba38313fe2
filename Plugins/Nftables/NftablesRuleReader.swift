import CNFTables
import FirewallKit

extension NftablesReader {
  /// A rule of `table`: the chain it is in, its canonical text, and what its counter says; `nil` for
  /// one of another table.
  static func rule(
    _ bytes: Span<UInt8>, _ header: NetlinkHeader, of table: String
  ) -> (chain: String, text: String, drops: NftablesCounters?)? {
    guard family(bytes, header) == NetlinkNames.familyInet else { return nil }
    var chain = ""
    var owner = ""
    var program = RuleProgram()
    var expressions = 0..<0
    var isCompat = false
    var attributes = NetlinkAttributes(message: header.payload)
    while let attribute = attributes.next(in: bytes) {
      switch nft_rule_attributes(attribute.type) {
      case NFTA_RULE_TABLE: owner = bytes.text(attribute.value)
      case NFTA_RULE_CHAIN: chain = bytes.text(attribute.value)
      case NFTA_RULE_COMPAT: isCompat = true
      case NFTA_RULE_EXPRESSIONS:
        expressions = attribute.value
        var list = NetlinkAttributes(attribute.value)
        while let expression = list.next(in: bytes) { program.add(bytes, expression.value) }
      default: break
      }
    }
    guard owner == table else { return nil }
    let rule = isCompat ? nil : program.rule
    return (
      chain, rule?.text ?? "foreign \(listing(bytes, expressions))",
      rule?.verdict == .drop ? program.counters : nil
    )
  }

  /// Expressions in words, for a rule that is not of our shapes. The data of those that keep a state
  /// are left out: they differ with each packet.
  private static func listing(_ bytes: Span<UInt8>, _ expressions: Range<Int>) -> String {
    var text = ""
    var list = NetlinkAttributes(expressions)
    while let expression = list.next(in: bytes) {
      let name = RuleProgram.name(bytes, expression.value)
      text += "[\(name)"
      if !["counter", "limit", "quota", "last", "connlimit"].contains(name) {
        text += " "
        for index in RuleProgram.data(bytes, expression.value) {
          let digits = String(bytes[index], radix: 16)
          text += digits.count == 1 ? "0\(digits)" : digits
        }
      }
      text += "]"
    }
    return text
  }
}

/// The expressions of a rule, followed register by register, so that the same meaning gives the same
/// rule whichever version of nft compiled it.
private struct RuleProgram {
  private enum Loaded {
    case family
    case address(isIPv4: Bool, NftablesRule.End)
  }

  private(set) var counters: NftablesCounters?
  private var registers: [UInt64: Loaded] = [:]
  private var isIPv4: Bool?
  private var match: NftablesRule.Match?
  private var verdict: NftablesRule.Verdict?
  private var isForeign = false

  /// The rule; `nil` when it is not of a shape that we make.
  var rule: NftablesRule? {
    guard !isForeign, let verdict, isIPv4 == match?.isIPv4 else { return nil }
    return NftablesRule(match: match, counter: counters != nil, verdict: verdict)
  }

  mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    let data = Self.data(bytes, range)
    func number(_ type: UInt32) -> UInt64? {
      bytes.bigEndian(NetlinkAttributes.first(type, in: bytes, data))
    }
    // Nothing may follow the verdict, and a second match would narrow the rule.
    guard verdict == nil else {
      isForeign = true
      return
    }
    switch Self.name(bytes, range) {
    case "meta":
      guard number(NFTA_META_KEY.rawValue) == UInt64(NFT_META_NFPROTO.rawValue),
        let register = number(NFTA_META_DREG.rawValue)
      else { return isForeign = true }
      registers[register] = .family
    case "cmp":
      guard number(NFTA_CMP_OP.rawValue) == UInt64(NFT_CMP_EQ.rawValue),
        let register = number(NFTA_CMP_SREG.rawValue), case .family? = registers[register],
        let value = NetlinkAttributes.first(NFTA_CMP_DATA.rawValue, in: bytes, data)
          .flatMap({ NetlinkAttributes.first(NFTA_DATA_VALUE.rawValue, in: bytes, $0) }),
        value.count == 1, isIPv4 == nil,
        [UInt32(NFPROTO_IPV4), UInt32(NFPROTO_IPV6)].contains(UInt32(bytes[value.lowerBound]))
      else { return isForeign = true }
      isIPv4 = UInt32(bytes[value.lowerBound]) == UInt32(NFPROTO_IPV4)
    case "payload":
      guard let isIPv4, number(NFTA_PAYLOAD_BASE.rawValue) == UInt64(NFT_PAYLOAD_NETWORK_HEADER.rawValue),
        let register = number(NFTA_PAYLOAD_DREG.rawValue),
        let offset = number(NFTA_PAYLOAD_OFFSET.rawValue), let length = number(NFTA_PAYLOAD_LEN.rawValue)
      else { return isForeign = true }
      // RFC 791 and RFC 8200: where the addresses stand in the headers.
      switch (isIPv4, offset, length) {
      case (true, 12, 4), (false, 8, 16): registers[register] = .address(isIPv4: isIPv4, .source)
      case (true, 16, 4), (false, 24, 16): registers[register] = .address(isIPv4: isIPv4, .destination)
      default: isForeign = true
      }
    case "lookup":
      guard match == nil, counters == nil, number(NFTA_LOOKUP_FLAGS.rawValue) ?? 0 == 0,
        number(NFTA_LOOKUP_DREG.rawValue) == nil,
        let register = number(NFTA_LOOKUP_SREG.rawValue),
        case .address(let isIPv4, let end)? = registers[register],
        let set = NetlinkAttributes.first(NFTA_LOOKUP_SET.rawValue, in: bytes, data)
      else { return isForeign = true }
      match = .init(isIPv4: isIPv4, end: end, set: bytes.text(set))
    case "counter":
      guard counters == nil else { return isForeign = true }
      counters = NftablesCounters(
        packets: number(NFTA_COUNTER_PACKETS.rawValue) ?? 0, bytes: number(NFTA_COUNTER_BYTES.rawValue) ?? 0)
    case "immediate":
      guard number(NFTA_IMMEDIATE_DREG.rawValue) == UInt64(NFT_REG_VERDICT.rawValue),
        let value = NetlinkAttributes.first(NFTA_IMMEDIATE_DATA.rawValue, in: bytes, data),
        let range = NetlinkAttributes.first(NFTA_DATA_VERDICT.rawValue, in: bytes, value),
        let code = bytes.bigEndian(NetlinkAttributes.first(NFTA_VERDICT_CODE.rawValue, in: bytes, range))
      else { return isForeign = true }
      let chain = NetlinkAttributes.first(NFTA_VERDICT_CHAIN.rawValue, in: bytes, range).map {
        bytes.text($0)
      }
      switch (Int32(truncatingIfNeeded: code), chain) {
      case (NF_ACCEPT, nil): verdict = .accept
      case (NF_DROP, nil): verdict = .drop
      case (NFT_RETURN.rawValue, nil): verdict = .return
      case (NFT_GOTO.rawValue, let chain?): verdict = .goto(chain)
      case (NFT_JUMP.rawValue, let chain?): verdict = .jump(chain)
      default: isForeign = true
      }
    default:
      isForeign = true
    }
  }

  static func name(_ bytes: Span<UInt8>, _ expression: Range<Int>) -> String {
    NetlinkAttributes.first(NFTA_EXPR_NAME.rawValue, in: bytes, expression).map { bytes.text($0) } ?? ""
  }

  static func data(_ bytes: Span<UInt8>, _ expression: Range<Int>) -> Range<Int> {
    NetlinkAttributes.first(NFTA_EXPR_DATA.rawValue, in: bytes, expression)
      ?? expression.upperBound..<expression.upperBound
  }
}
