import NetworkTypes

/// A command list in the JSON of libnftables while it is written.
///
/// Written byte by byte because a plan may hold a hundred thousand elements.
struct CommandText {
  private var bytes: [UInt8] = []
  private var isEmpty = true

  /// What stands around an element's value and its timer.
  static let elementOpening = Array(#"{"elem":{"val":"#.utf8)
  static let timeout = Array(#","timeout":"#.utf8)
  static let elementEnd = Array("}}".utf8)

  /// - Parameter elements: how many elements will be written, to reserve room for.
  init(elements: Int) {
    bytes.reserveCapacity(512 + elements * 64)
    raw(#"{"nftables":["#)
  }

  /// The finished command list.
  consuming func finished() -> String {
    raw("]}")
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Starts the next command, on a line of its own.
  mutating func next() {
    raw(isEmpty ? "\n" : ",\n")
    isEmpty = false
  }

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// A JSON string. Names of chains that others made may hold anything.
  mutating func string(_ text: String) {
    raw("\"")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        raw("\\u00")
        bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        let low = byte & 0x0F
        bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
      default:
        bytes.append(byte)
      }
    }
    raw("\"")
  }

  /// An element, with its timer if it has one.
  mutating func element(_ element: NftablesCommand.Element) {
    guard let seconds = element.seconds else { return prefix(element.prefix) }
    bytes += Self.elementOpening
    prefix(element.prefix)
    bytes += Self.timeout
    number(seconds)
    bytes += Self.elementEnd
  }

  /// A prefix as a value: a single address as a string, others as an object.
  private mutating func prefix(_ prefix: IPPrefix) {
    if prefix.isHost {
      address(prefix.address)
    } else {
      raw(#"{"prefix":{"addr":"#)
      address(prefix.address)
      raw(#","len":"#)
      number(Int64(prefix.length))
      raw("}}")
    }
  }

  /// A number that is not negative.
  private mutating func number(_ value: Int64) {
    if value >= 10 { number(value / 10) }
    bytes.append(UInt8(ascii: "0") + UInt8(value % 10))
  }

  private mutating func address(_ address: IPAddress) {
    raw("\"")
    if let ipv4 = address.ipv4 {
      for shift: UInt32 in [24, 16, 8, 0] {
        number(Int64(ipv4 >> shift & 0xFF))
        if shift > 0 { raw(".") }
      }
    } else {
      raw(address.description)
    }
    raw("\"")
  }
}
