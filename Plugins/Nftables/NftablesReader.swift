import CNFTables
import FirewallKit
import NetworkTypes

/// From the kernel's netlink answers to the values of the contract. Pure: bytes in, values out.
enum NftablesReader {
  // MARK: Table, chains, sets

  /// The content of the part `table`.
  static func table(_ bytes: Span<UInt8>, _ header: NetlinkHeader) -> String {
    var text = NftablesScaffold.tableContent
    var attributes = NetlinkAttributes(message: header.payload)
    while let attribute = attributes.next(in: bytes) {
      guard attribute.type == NFTA_TABLE_FLAGS.rawValue, let flags = bytes.bigEndian(attribute.value)
      else { continue }
      // A dormant table holds everything and does nothing.
      if flags & UInt64(NFT_TABLE_F_DORMANT.rawValue) != 0 { text += " dormant" }
      let others = flags & ~UInt64(NFT_TABLE_F_DORMANT.rawValue)
      if others != 0 { text += " flags \(others)" }
    }
    return text
  }

  /// A chain of `table` without its rules; `nil` for one of another table.
  static func chain(
    _ bytes: Span<UInt8>, _ header: NetlinkHeader, of table: String
  ) -> (name: String, head: String)? {
    guard family(bytes, header) == NetlinkNames.familyInet else { return nil }
    var name = ""
    var owner = ""
    var type = ""
    var policy = ""
    var hook: (number: UInt64, priority: Int32)?
    var flags: UInt64 = 0
    var attributes = NetlinkAttributes(message: header.payload)
    while let attribute = attributes.next(in: bytes) {
      let number = bytes.bigEndian(attribute.value) ?? 0
      switch nft_chain_attributes(attribute.type) {
      case NFTA_CHAIN_TABLE: owner = bytes.text(attribute.value)
      case NFTA_CHAIN_NAME: name = bytes.text(attribute.value)
      case NFTA_CHAIN_TYPE: type = bytes.text(attribute.value)
      case NFTA_CHAIN_POLICY:
        policy = number == UInt64(NF_ACCEPT) ? "accept" : number == UInt64(NF_DROP) ? "drop" : "\(number)"
      case NFTA_CHAIN_FLAGS: flags = number & ~UInt64(NFT_CHAIN_BASE.rawValue)
      case NFTA_CHAIN_HOOK:
        let place = NetlinkAttributes.first(NFTA_HOOK_HOOKNUM.rawValue, in: bytes, attribute.value)
        let order = NetlinkAttributes.first(NFTA_HOOK_PRIORITY.rawValue, in: bytes, attribute.value)
        hook = (
          bytes.bigEndian(place) ?? .max,
          Int32(truncatingIfNeeded: bytes.bigEndian(order) ?? 0)
        )
      default: break
      }
    }
    guard owner == table else { return nil }
    guard let hook else { return (name, flags == 0 ? "regular" : "regular flags \(flags)") }
    let names = ["prerouting", "input", "forward", "output", "postrouting"]
    let place = hook.number < names.count ? names[Int(hook.number)] : "hook-\(hook.number)"
    let head = "\(type) \(place) \(hook.priority) \(policy)"
    return (name, flags == 0 ? head : "\(head) flags \(flags)")
  }

  /// `NFTA_SET_COUNT` of Linux 6.17: how many elements a set holds, expired ones included until the
  /// kernel clears them away. Newer than the headers this is built with.
  private static let setCountAttribute: UInt32 = 20

  /// A set of `table` as the canonical text of its part, and how many elements the kernel counts in
  /// it, where it tells; `nil` for a set of another table.
  static func set(
    _ bytes: Span<UInt8>, _ header: NetlinkHeader, of table: String
  ) -> (name: String, content: String, count: Int?)? {
    guard family(bytes, header) == NetlinkNames.familyInet else { return nil }
    var name = ""
    var owner = ""
    var keyType: UInt64 = 0
    var flags: UInt64 = 0
    var extras = ""
    var count: Int?
    var attributes = NetlinkAttributes(message: header.payload)
    while let attribute = attributes.next(in: bytes) {
      let number = bytes.bigEndian(attribute.value) ?? 0
      if attribute.type == setCountAttribute { count = Int(clamping: number) }
      switch nft_set_attributes(attribute.type) {
      case NFTA_SET_TABLE: owner = bytes.text(attribute.value)
      case NFTA_SET_NAME: name = bytes.text(attribute.value)
      case NFTA_SET_FLAGS: flags = number
      case NFTA_SET_KEY_TYPE: keyType = number
      case NFTA_SET_TIMEOUT: extras += " default-timeout \(number)"
      case NFTA_SET_EXPR, NFTA_SET_EXPRESSIONS: extras += " stateful"
      case NFTA_SET_DESC:
        if let size = NetlinkAttributes.first(NFTA_SET_DESC_SIZE.rawValue, in: bytes, attribute.value) {
          extras += " size \(bytes.bigEndian(size) ?? 0)"
        }
      default: break
      }
    }
    guard owner == table else { return nil }
    // The numbers that nft gives its data types.
    var content = keyType == 7 ? "ipv4_addr" : keyType == 8 ? "ipv6_addr" : "type-\(keyType)"
    if flags & UInt64(NFT_SET_INTERVAL.rawValue) != 0 { content += " interval" }
    if flags & UInt64(NFT_SET_TIMEOUT.rawValue) != 0 { content += " timeout" }
    let others = flags & ~UInt64(NFT_SET_INTERVAL.rawValue | NFT_SET_TIMEOUT.rawValue)
    if others != 0 { content += " flags \(others)" }
    return (name, content + extras, count)
  }

  /// The generation of the whole ruleset, which each transaction raises by one.
  static func generation(_ bytes: Span<UInt8>, _ header: NetlinkHeader) -> UInt32? {
    var attributes = NetlinkAttributes(message: header.payload)
    while let attribute = attributes.next(in: bytes) {
      guard attribute.type == NFTA_GEN_ID.rawValue else { continue }
      return bytes.bigEndian(attribute.value).map { UInt32(truncatingIfNeeded: $0) }
    }
    return nil
  }

  /// The table that a message is about, whatever its kind: the first attribute of all of them.
  static func tableName(_ bytes: Span<UInt8>, _ header: NetlinkHeader) -> String? {
    var attributes = NetlinkAttributes(message: header.payload)
    while let attribute = attributes.next(in: bytes) {
      if attribute.type == NFTA_TABLE_NAME.rawValue { return bytes.text(attribute.value) }
    }
    return nil
  }

  static func family(_ bytes: Span<UInt8>, _ header: NetlinkHeader) -> UInt8? {
    header.payload.isEmpty ? nil : bytes[header.payload.lowerBound]
  }

  // MARK: Elements

  /// An element as the kernel keeps it: a single address, or one end of an interval.
  struct Element: Equatable {
    /// The key in the upper bits, left-aligned: 32 or 128 of them count.
    var key: UInt128
    var isEnd: Bool
    /// `nil` for an element without a timer.
    var remaining: Duration?
    /// Something is about it that no element of ours has.
    var isForeign: Bool
  }

  /// The elements of one message, handed to `body` in the kernel's order.
  static func elements(
    _ bytes: Span<UInt8>, _ header: NetlinkHeader, isIPv4: Bool, _ body: (Element) -> Void
  ) {
    var attributes = NetlinkAttributes(message: header.payload)
    while let list = attributes.next(in: bytes) {
      guard list.type == NFTA_SET_ELEM_LIST_ELEMENTS.rawValue else { continue }
      var items = NetlinkAttributes(list.value)
      while let item = items.next(in: bytes) {
        body(element(bytes, item.value, isIPv4: isIPv4))
      }
    }
  }

  private static func element(_ bytes: Span<UInt8>, _ range: Range<Int>, isIPv4: Bool) -> Element {
    var element = Element(key: 0, isEnd: false, remaining: nil, isForeign: false)
    var hasKey = false
    var attributes = NetlinkAttributes(range)
    while let attribute = attributes.next(in: bytes) {
      switch nft_set_elem_attributes(attribute.type) {
      case NFTA_SET_ELEM_KEY:
        guard let value = NetlinkAttributes.first(NFTA_DATA_VALUE.rawValue, in: bytes, attribute.value),
          value.count == (isIPv4 ? 4 : 16)
        else { continue }
        for index in value { element.key = element.key << 8 | UInt128(bytes[index]) }
        hasKey = true
      case NFTA_SET_ELEM_FLAGS:
        let flags = bytes.bigEndian(attribute.value) ?? 0
        element.isEnd = flags & UInt64(NFT_SET_ELEM_INTERVAL_END.rawValue) != 0
        if flags & ~UInt64(NFT_SET_ELEM_INTERVAL_END.rawValue) != 0 { element.isForeign = true }
      case NFTA_SET_ELEM_EXPIRATION:
        // Milliseconds; an Int64 of them is enough for more than the kernel's longest timer.
        element.remaining = .milliseconds(Int64(clamping: bytes.bigEndian(attribute.value) ?? 0))
      case NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS, NFTA_SET_ELEM_OBJREF,
        NFTA_SET_ELEM_KEY_END:
        element.isForeign = true
      default: break
      }
    }
    if !hasKey { element.isForeign = true }
    return element
  }

  /// The key of an element as an address; `nil` when it cannot stand in a set of that family (an
  /// IPv4-mapped address in one for IPv6).
  static func address(_ key: UInt128, isIPv4: Bool) -> IPAddress? {
    if isIPv4 { return IPAddress(ipv4: UInt32(truncatingIfNeeded: key)) }
    let address = IPAddress(
      high: UInt64(truncatingIfNeeded: key >> 64), low: UInt64(truncatingIfNeeded: key))
    return address.isIPv4 ? nil : address
  }

  /// The intervals of a set as prefixes, and whether something in it is not a prefix of ours.
  ///
  /// The kernel keeps the first address of an interval and the one after its last. An interval up to
  /// the highest address has no end; nft puts an end at zero before the first; and an end stays for a
  /// while after its beginning has expired.
  static func prefixes(
    _ elements: [Element], isIPv4: Bool, hosts: Bool
  ) -> (found: [(prefix: IPPrefix, remaining: Duration?)], hasForeign: Bool) {
    let width = isIPv4 ? 32 : 128
    let highest: UInt128 = isIPv4 ? UInt128(UInt32.max) : .max
    let sorted = elements.sorted { $0.key != $1.key ? $0.key < $1.key : $0.isEnd && !$1.isEnd }
    var found: [(IPPrefix, Duration?)] = []
    var hasForeign = elements.contains(where: \.isForeign)
    var index = 0
    while index < sorted.count {
      let start = sorted[index]
      index += 1
      if start.isEnd { continue }
      var last = highest
      if index < sorted.count {
        guard sorted[index].isEnd, sorted[index].key > start.key else {
          hasForeign = true
          continue
        }
        last = sorted[index].key - 1
        index += 1
      }
      let size = last - start.key
      // A prefix begins at a multiple of its size, which is a power of two.
      guard size & (size &+ 1) == 0, start.key & size == 0,
        let address = address(start.key, isIPv4: isIPv4),
        let prefix = IPPrefix(address, length: width - (128 - size.leadingZeroBitCount)),
        hosts || !prefix.isHost
      else {
        hasForeign = true
        continue
      }
      found.append((prefix, start.remaining))
    }
    return (found, hasForeign)
  }
}
