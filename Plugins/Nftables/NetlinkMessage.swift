import CNFTables

/// The numbers of nfnetlink that this adapter speaks, under their kernel names.
enum NetlinkNames {
  static let familyInet = UInt8(NFPROTO_INET)
  static let headerLength = 16
  /// `struct nfgenmsg` after the header of every netfilter message.
  static let familyHeaderLength = 4

  /// The message type of an nf_tables message.
  static func type(_ message: nf_tables_msg_types) -> UInt16 {
    UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(truncatingIfNeeded: message.rawValue)
  }
}

/// A netlink request while it is written (netlink(7), linux/netfilter/nfnetlink.h).
struct NetlinkMessage {
  private(set) var bytes: [UInt8] = []

  /// A request about nf_tables.
  init(_ type: nf_tables_msg_types, flags: Int32, sequence: UInt32) {
    self.init(
      NetlinkNames.type(type), flags: flags, sequence: sequence,
      family: type == NFT_MSG_GETGEN ? 0 : NetlinkNames.familyInet, resource: 0)
  }

  init(_ type: UInt16, flags: Int32, sequence: UInt32, family: UInt8, resource: UInt16) {
    append(UInt32(0))
    append(type)
    append(UInt16(truncatingIfNeeded: NLM_F_REQUEST | flags))
    append(sequence)
    append(UInt32(0))
    bytes.append(family)
    bytes.append(UInt8(NFNETLINK_V0))
    append(resource.bigEndian)
    close(0)
  }

  /// Lets the kernel answer the message that starts at `start`, also when all is well.
  static func requestAcknowledgement(in bytes: inout [UInt8], at start: Int) {
    let flags = UInt16(truncatingIfNeeded: NLM_F_ACK)
    withUnsafeBytes(of: flags) { for (index, byte) in $0.enumerated() { bytes[start + 6 + index] |= byte } }
  }

  /// A text attribute with its terminating zero.
  mutating func attribute(_ type: UInt32, text: String) {
    attribute(type, bytes: Array(text.utf8) + [0])
  }

  /// A number of 32 bits, in network order as nf_tables has all of its own.
  mutating func attribute(_ type: UInt32, number: UInt32) {
    append(UInt16(8))
    append(UInt16(truncatingIfNeeded: type))
    append(number.bigEndian)
    close(0)
  }

  mutating func attribute(_ type: UInt32, bytes value: [UInt8]) {
    append(UInt16(4 + value.count))
    append(UInt16(truncatingIfNeeded: type))
    bytes += value
    while bytes.count % 4 != 0 { bytes.append(0) }
    close(0)
  }

  /// An attribute that holds others.
  mutating func nested(_ type: UInt32, _ body: (inout NetlinkMessage) -> Void) {
    let start = bytes.count
    append(UInt16(0))
    append(UInt16(truncatingIfNeeded: type) | UInt16(NLA_F_NESTED))
    body(&self)
    let length = UInt16(truncatingIfNeeded: bytes.count - start)
    withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<start + 2, with: $0) }
    close(0)
  }

  /// Writes the length of the message that starts at `start`.
  private mutating func close(_ start: Int) {
    let length = UInt32(bytes.count - start)
    withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<start + 4, with: $0) }
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }
}

/// The header of a message that was received, and where its payload lies.
struct NetlinkHeader {
  var type: UInt16
  var flags: UInt16
  var sequence: UInt32
  /// After the netlink header; for netfilter messages the family header comes first.
  var payload: Range<Int>

  /// Whether a dump was cut by a change meanwhile, so that entries may be missing or double.
  var isInterrupted: Bool { flags & UInt16(NLM_F_DUMP_INTR) != 0 }

  /// Takes the next message off `bytes` and moves `index` behind it; `nil` at the end or when the
  /// rest is no message.
  static func next(in bytes: Span<UInt8>, at index: inout Int) -> NetlinkHeader? {
    guard bytes.count - index >= NetlinkNames.headerLength else { return nil }
    let length = Int(Self.native32(bytes, at: index))
    guard length >= NetlinkNames.headerLength, length <= bytes.count - index else { return nil }
    let header = NetlinkHeader(
      type: native16(bytes, at: index + 4), flags: native16(bytes, at: index + 6),
      sequence: native32(bytes, at: index + 8),
      payload: (index + NetlinkNames.headerLength)..<(index + length))
    index = min(bytes.count, index + (length + 3) & ~3)
    return header
  }

  /// The error number of an `NLMSG_ERROR`; 0 is an acknowledgement.
  static func error(in payload: Span<UInt8>) -> Int32? {
    payload.count >= 4 ? -Int32(truncatingIfNeeded: native32(payload, at: 0)) : nil
  }

  /// What the kernel says about an error, where it has words and the socket asks for them
  /// (`NETLINK_CAP_ACK` and `NETLINK_EXT_ACK`).
  static func words(in bytes: Span<UInt8>, _ header: NetlinkHeader) -> String? {
    // The number of the error and the header of the request come first.
    let start = header.payload.lowerBound + 4 + NetlinkNames.headerLength
    guard start < header.payload.upperBound else { return nil }
    return NetlinkAttributes.first(NLMSGERR_ATTR_MSG.rawValue, in: bytes, start..<header.payload.upperBound)
      .map { bytes.text($0) }
  }

  /// Netlink headers are in the byte order of the host: composed here as if it were little endian,
  /// and swapped where it is not.
  fileprivate static func native16(_ bytes: Span<UInt8>, at index: Int) -> UInt16 {
    UInt16(littleEndian: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
  }

  private static func native32(_ bytes: Span<UInt8>, at index: Int) -> UInt32 {
    var value: UInt32 = 0
    for offset in 0..<4 { value |= UInt32(bytes[index + offset]) << UInt32(8 * offset) }
    return UInt32(littleEndian: value)
  }
}

/// A walk over the attributes in a range of a message. Holds places only, so that it can be kept
/// beside the bytes it walks over.
struct NetlinkAttributes {
  struct Attribute {
    /// Without the flags for nesting and byte order.
    var type: UInt32
    var value: Range<Int>
  }

  private var index: Int
  private let end: Int

  init(_ range: Range<Int>) {
    index = range.lowerBound
    end = range.upperBound
  }

  /// The attributes of an nf_tables message, behind its family header.
  init(message payload: Range<Int>) {
    self.init(
      min(payload.upperBound, payload.lowerBound + NetlinkNames.familyHeaderLength)..<payload.upperBound)
  }

  /// `nil` at the end, and where an attribute claims more than there is.
  mutating func next(in bytes: Span<UInt8>) -> Attribute? {
    guard end <= bytes.count, end - index >= 4 else { return nil }
    let length = Int(NetlinkHeader.native16(bytes, at: index))
    guard length >= 4, length <= end - index else { return nil }
    let type = NetlinkHeader.native16(bytes, at: index + 2) & 0x3FFF
    let attribute = Attribute(type: UInt32(type), value: (index + 4)..<(index + length))
    index = min(end, index + (length + 3) & ~3)
    return attribute
  }

  /// The first attribute of a type.
  static func first(_ type: UInt32, in bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
    var attributes = NetlinkAttributes(range)
    while let attribute = attributes.next(in: bytes) {
      if attribute.type == type { return attribute.value }
    }
    return nil
  }
}

extension Span<UInt8> {
  /// A number in network order, as nf_tables writes all of its own; `nil` for more than 8 bytes.
  func bigEndian(_ range: Range<Int>?) -> UInt64? {
    guard let range, !range.isEmpty, range.count <= 8, range.upperBound <= count else { return nil }
    var value: UInt64 = 0
    for index in range { value = value << 8 | UInt64(self[index]) }
    return value
  }

  /// A text up to its terminating zero.
  func text(_ range: Range<Int>) -> String {
    var bytes: [UInt8] = []
    for index in range where index < count {
      if self[index] == 0 { break }
      bytes.append(self[index])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
