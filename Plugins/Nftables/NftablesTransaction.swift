import CNFTables
import NetworkTypes

/// Commands as the kernel takes them: one nfnetlink batch, of which it does all or nothing.
struct NftablesTransaction {
  /// What the kernel is to do with the batch.
  enum Purpose: Equatable {
    /// To do it, if the ruleset is still of this generation.
    case commit(generation: UInt32)
    /// To say whether it would.
    case check
  }

  private static let begin = UInt16(truncatingIfNeeded: NLMSG_MIN_TYPE)
  private static let end = UInt16(truncatingIfNeeded: NLMSG_MIN_TYPE + 1)
  /// The attribute that holds the elements of one message has a length of 16 bits.
  private static let largestList = 60_000

  private let table: String
  /// The messages between beginning and end.
  private var body: [UInt8] = []
  /// The first sequence number, which is that of the beginning.
  let first: UInt32
  /// What each message in `body` does, in their order.
  private var subjects: [Subject] = []
  private var lastMessage = 0
  private var sets: UInt32 = 0

  private struct Subject {
    var verb: String
    var name: String

    var text: String { "\(verb) \(name)" }
  }

  /// - Parameter first: a sequence number; as many after it are used as the batch has messages.
  init(_ commands: [NftablesCommand], table: String, first: UInt32) {
    self.table = table
    self.first = first
    for command in commands { append(command) }
    // The answer to the last message comes when all that were before it have been taken.
    if !subjects.isEmpty { NetlinkMessage.requestAcknowledgement(in: &body, at: lastMessage) }
  }

  /// The sequence number of the last message in the batch, which is acknowledged.
  var last: UInt32 { first &+ UInt32(subjects.count) }

  /// How many numbers after `first` the batch uses.
  var span: UInt32 { UInt32(subjects.count) &+ 1 }

  /// The datagram.
  ///
  /// Without its end the kernel checks a batch like any other and then lets go of it.
  func bytes(for purpose: Purpose) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(body.count + 64)
    var opening = NetlinkMessage(
      Self.begin, flags: 0, sequence: first, family: 0, resource: UInt16(NFNL_SUBSYS_NFTABLES))
    if case .commit(let generation) = purpose {
      opening.attribute(NFNL_BATCH_GENID.rawValue, number: generation)
    }
    bytes += opening.bytes
    bytes += body
    if case .commit = purpose {
      bytes +=
        NetlinkMessage(
          Self.end, flags: 0, sequence: last &+ 1, family: 0, resource: UInt16(NFNL_SUBSYS_NFTABLES)
        ).bytes
    }
    return bytes
  }

  /// What the message with this number was to do; `nil` for none of this batch.
  func subject(of sequence: UInt32) -> String? {
    let index = Int(sequence &- first) - 1
    return subjects.indices.contains(index) ? subjects[index].text : nil
  }

  // MARK: Messages

  private mutating func append(_ command: NftablesCommand) {
    switch command {
    case .createTable:
      add(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "create", "table \(table)") { _ in }
    case .deleteTable: add(NFT_MSG_DELTABLE, 0, "delete", "table \(table)") { _ in }
    case .flushTable: add(NFT_MSG_DELRULE, 0, "flush", "table \(table)") { _ in }
    case .addSet(let set): append(set)
    case .addChain(let name, let base):
      add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, "add", "chain \(name)") { message in
        message.attribute(NFTA_CHAIN_NAME.rawValue, text: name)
        if let base { message.append(base) }
      }
    case .deleteChain(let name):
      add(NFT_MSG_DELCHAIN, 0, "delete", "chain \(name)") { message in
        message.attribute(NFTA_CHAIN_NAME.rawValue, text: name)
      }
    case .addRule(let rule, let chain):
      add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add", "rule to \(chain)") { message in
        message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
        message.nested(NFTA_RULE_EXPRESSIONS.rawValue) { rule.append(to: &$0) }
      }
    case .elements(let verb, let set, let elements): append(verb, set, elements)
    }
  }

  /// Adds a message about something in the table; every kind of them has the table's name first.
  private mutating func add(
    _ type: nf_tables_msg_types, _ flags: Int32, _ verb: String, _ name: String,
    _ build: (inout NetlinkMessage) -> Void
  ) {
    subjects.append(Subject(verb: verb, name: name))
    var message = NetlinkMessage(type, flags: flags, sequence: last)
    message.attribute(NFTA_TABLE_NAME.rawValue, text: table)
    build(&message)
    lastMessage = body.count
    body += message.bytes
  }

  private mutating func append(_ set: NftablesScaffold.SetName) {
    sets += 1
    let number = sets
    add(NFT_MSG_NEWSET, NLM_F_CREATE, "add", set.part) { message in
      message.attribute(NFTA_SET_NAME.rawValue, text: set.rawValue)
      var flags: UInt32 = 0
      if set.isInterval { flags |= NFT_SET_INTERVAL.rawValue }
      if !set.isAllowed { flags |= NFT_SET_TIMEOUT.rawValue }
      message.attribute(NFTA_SET_FLAGS.rawValue, number: flags)
      // The numbers that nft gives its data types.
      message.attribute(NFTA_SET_KEY_TYPE.rawValue, number: UInt32(set.isIPv4 ? 7 : 8))
      message.attribute(NFTA_SET_KEY_LEN.rawValue, number: UInt32(set.isIPv4 ? 4 : 16))
      message.attribute(NFTA_SET_ID.rawValue, number: number)
    }
  }

  private mutating func append(
    _ verb: NftablesCommand.Verb, _ set: NftablesScaffold.SetName, _ elements: [NftablesCommand.Element]
  ) {
    let size = SetElementBytes.largest(isIPv4: set.isIPv4)
    var rest = elements[...]
    while !rest.isEmpty {
      let some = rest.prefix(Self.largestList / size)
      rest = rest.dropFirst(some.count)
      let list = SetElementBytes.list(of: some, in: set)
      add(
        verb == .add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, verb == .add ? NLM_F_CREATE : 0,
        verb.rawValue, "elements of \(set.rawValue)"
      ) { message in
        message.attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set.rawValue)
        message.attribute(
          NFTA_SET_ELEM_LIST_ELEMENTS.rawValue | UInt32(NLA_F_NESTED), bytes: list)
      }
    }
  }
}

/// The attributes that tell the kernel the elements of a set. Written byte by byte, because a plan may
/// hold a hundred thousand of them.
private enum SetElementBytes {
  /// The most bytes that one prefix takes: the two ends of an interval.
  static func largest(isIPv4: Bool) -> Int { 2 * (4 + 8 + (isIPv4 ? 4 : 16) + 12 + 8) }

  static func list(
    of elements: ArraySlice<NftablesCommand.Element>, in set: NftablesScaffold.SetName
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements.count * largest(isIPv4: set.isIPv4))
    let highest: UInt128 = set.isIPv4 ? UInt128(UInt32.max) : .max
    for element in elements {
      append(key(element.prefix.address), set.isIPv4, element.seconds, isEnd: false, to: &bytes)
      guard set.isInterval else { continue }
      // The address after the interval ends it; one up to the highest address has no end.
      let last = key(element.prefix.last)
      if last < highest { append(last + 1, set.isIPv4, nil, isEnd: true, to: &bytes) }
    }
    return bytes
  }

  /// The number of an address among those of its family.
  private static func key(_ address: IPAddress) -> UInt128 {
    address.ipv4.map { UInt128($0) } ?? UInt128(address.high) << 64 | UInt128(address.low)
  }

  private static func append(
    _ key: UInt128, _ isIPv4: Bool, _ seconds: Int64?, isEnd: Bool, to bytes: inout [UInt8]
  ) {
    let width = isIPv4 ? 4 : 16
    let nested = UInt32(NLA_F_NESTED)
    header(4 + 8 + width + (seconds == nil ? 0 : 12) + (isEnd ? 8 : 0), NFTA_LIST_ELEM.rawValue | nested)
    header(8 + width, NFTA_SET_ELEM_KEY.rawValue | nested)
    header(4 + width, NFTA_DATA_VALUE.rawValue)
    number(key, width)
    if let seconds {
      header(12, NFTA_SET_ELEM_TIMEOUT.rawValue)
      // In milliseconds.
      number(UInt128(seconds) * 1000, 8)
    }
    if isEnd {
      header(8, NFTA_SET_ELEM_FLAGS.rawValue)
      number(UInt128(NFT_SET_ELEM_INTERVAL_END.rawValue), 4)
    }

    func header(_ length: Int, _ type: UInt32) {
      withUnsafeBytes(of: (UInt16(length), UInt16(truncatingIfNeeded: type))) { bytes.append(contentsOf: $0) }
    }
    func number(_ value: UInt128, _ width: Int) {
      for place in (0..<width).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
    }
  }
}

extension NetlinkMessage {
  /// The hook, priority, policy and type of a base chain.
  fileprivate mutating func append(_ base: ChainDescription.Base) {
    let hook = NftablesSettings.Hook(rawValue: base.hook)
    nested(NFTA_CHAIN_HOOK.rawValue) { message in
      message.attribute(NFTA_HOOK_HOOKNUM.rawValue, number: hook.map(\.number) ?? .max)
      message.attribute(
        NFTA_HOOK_PRIORITY.rawValue, number: UInt32(bitPattern: Int32(clamping: base.priority)))
    }
    attribute(
      NFTA_CHAIN_POLICY.rawValue, number: UInt32(base.policy == "accept" ? NF_ACCEPT : NF_DROP))
    attribute(NFTA_CHAIN_TYPE.rawValue, text: base.type)
  }
}

extension NftablesSettings.Hook {
  /// `enum nf_inet_hooks` (linux/netfilter.h).
  fileprivate var number: UInt32 {
    switch self {
    case .prerouting: NF_INET_PRE_ROUTING.rawValue
    case .input: NF_INET_LOCAL_IN.rawValue
    case .forward: NF_INET_FORWARD.rawValue
    case .output: NF_INET_LOCAL_OUT.rawValue
    }
  }
}

extension NftablesRule {
  /// Appends the expressions that nft makes of the rule.
  fileprivate func append(to message: inout NetlinkMessage) {
    if let match {
      expression("meta", &message) { data in
        data.attribute(NFTA_META_DREG.rawValue, number: NFT_REG_1.rawValue)
        data.attribute(NFTA_META_KEY.rawValue, number: NFT_META_NFPROTO.rawValue)
      }
      expression("cmp", &message) { data in
        data.attribute(NFTA_CMP_SREG.rawValue, number: NFT_REG_1.rawValue)
        data.attribute(NFTA_CMP_OP.rawValue, number: NFT_CMP_EQ.rawValue)
        data.nested(NFTA_CMP_DATA.rawValue) {
          $0.attribute(
            NFTA_DATA_VALUE.rawValue, bytes: [UInt8(match.isIPv4 ? NFPROTO_IPV4 : NFPROTO_IPV6)])
        }
      }
      expression("payload", &message) { data in
        data.attribute(NFTA_PAYLOAD_DREG.rawValue, number: NFT_REG_1.rawValue)
        data.attribute(NFTA_PAYLOAD_BASE.rawValue, number: NFT_PAYLOAD_NETWORK_HEADER.rawValue)
        data.attribute(NFTA_PAYLOAD_OFFSET.rawValue, number: match.offset)
        data.attribute(NFTA_PAYLOAD_LEN.rawValue, number: match.isIPv4 ? 4 : 16)
      }
      expression("lookup", &message) { data in
        data.attribute(NFTA_LOOKUP_SET.rawValue, text: match.set)
        data.attribute(NFTA_LOOKUP_SREG.rawValue, number: NFT_REG_1.rawValue)
      }
    }
    if counter { expression("counter", &message) { _ in } }
    expression("immediate", &message) { data in
      data.attribute(NFTA_IMMEDIATE_DREG.rawValue, number: NFT_REG_VERDICT.rawValue)
      data.nested(NFTA_IMMEDIATE_DATA.rawValue) {
        $0.nested(NFTA_DATA_VERDICT.rawValue) { verdict.append(to: &$0) }
      }
    }
  }

  private func expression(
    _ name: String, _ message: inout NetlinkMessage, _ build: (inout NetlinkMessage) -> Void
  ) {
    message.nested(NFTA_LIST_ELEM.rawValue) { expression in
      expression.attribute(NFTA_EXPR_NAME.rawValue, text: name)
      expression.nested(NFTA_EXPR_DATA.rawValue, build)
    }
  }
}

extension NftablesRule.Match {
  /// Where the address stands in the header (RFC 791, RFC 8200).
  fileprivate var offset: UInt32 {
    switch (isIPv4, end) {
    case (true, .source): 12
    case (true, .destination): 16
    case (false, .source): 8
    case (false, .destination): 24
    }
  }
}

extension NftablesRule.Verdict {
  fileprivate func append(to message: inout NetlinkMessage) {
    let (code, chain): (Int32, String?) =
      switch self {
      case .accept: (NF_ACCEPT, nil)
      case .drop: (NF_DROP, nil)
      case .return: (NFT_RETURN.rawValue, nil)
      case .goto(let chain): (NFT_GOTO.rawValue, chain)
      case .jump(let chain): (NFT_JUMP.rawValue, chain)
      }
    message.attribute(NFTA_VERDICT_CODE.rawValue, number: UInt32(bitPattern: code))
    if let chain { message.attribute(NFTA_VERDICT_CHAIN.rawValue, text: chain) }
  }
}
