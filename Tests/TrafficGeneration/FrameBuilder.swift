/// Builds Ethernet frames with right lengths and checksums.
enum FrameBuilder {
  /// Ends of a conversation; `isUp` is from the terminal to the server.
  struct Path: Sendable {
    var terminal: UInt32
    var terminalPort: UInt16
    var server: UInt32
    var serverPort: UInt16
  }

  static func tcp(
    _ path: Path, isUp: Bool, sequence: UInt32, acknowledgement: UInt32, flags: UInt8,
    identification: UInt16, payload: [UInt8] = []
  ) -> [UInt8] {
    // MSS 1460, window scale 7, SACK.
    let options: [UInt8] = flags & 2 != 0 ? [2, 4, 5, 0xB4, 1, 3, 3, 7, 1, 1, 4, 2] : []
    var segment: [UInt8] = []
    segment.append(big: isUp ? path.terminalPort : path.serverPort)
    segment.append(big: isUp ? path.serverPort : path.terminalPort)
    segment.append(big: sequence)
    segment.append(big: acknowledgement)
    segment.append(UInt8((20 + options.count) / 4) << 4)
    segment.append(flags)
    segment.append(big: 0xFAF0 as UInt16)
    segment.append(big: 0 as UInt32)
    segment += options
    segment += payload
    return ip(path, isUp: isUp, protocolNumber: 6, checksumAt: 16, segment, identification)
  }

  static func udp(_ path: Path, isUp: Bool, identification: UInt16, payload: [UInt8]) -> [UInt8] {
    var datagram: [UInt8] = []
    datagram.append(big: isUp ? path.terminalPort : path.serverPort)
    datagram.append(big: isUp ? path.serverPort : path.terminalPort)
    datagram.append(big: UInt16(8 + payload.count))
    datagram.append(big: 0 as UInt16)
    datagram += payload
    return ip(path, isUp: isUp, protocolNumber: 17, checksumAt: 6, datagram, identification)
  }

  static func echoRequest(_ path: Path, identification: UInt16, number: UInt16) -> [UInt8] {
    var message: [UInt8] = [8, 0, 0, 0]
    message.append(big: path.terminalPort)
    message.append(big: number)
    message += [UInt8](repeating: 0x70, count: 16)
    return ip(path, isUp: true, protocolNumber: 1, checksumAt: 2, message, identification)
  }

  private static func ip(
    _ path: Path, isUp: Bool, protocolNumber: UInt8, checksumAt: Int, _ content: [UInt8],
    _ identification: UInt16
  ) -> [UInt8] {
    let terminalMAC: [UInt8] = [2, 0, 0, 0, 0, 0x0A]
    let gatewayMAC: [UInt8] = [2, 0, 0, 0, 0, 0x0B]
    let source = isUp ? path.terminal : path.server
    let destination = isUp ? path.server : path.terminal
    var header: [UInt8] = [0x45, 0]
    header.append(big: UInt16(20 + content.count))
    header.append(big: identification)
    header += [0x40, 0, 64, protocolNumber, 0, 0]
    header.append(big: source)
    header.append(big: destination)
    let headerSum = ~folded(sum(header))
    header[10] = UInt8(headerSum >> 8)
    header[11] = UInt8(headerSum & 0xFF)
    var total = sum(content)
    if protocolNumber != 1 {
      total += sum(header[12..<20]) + UInt32(protocolNumber) + UInt32(content.count)
    }
    var checksum = ~folded(total)
    if protocolNumber == 17, checksum == 0 { checksum = 0xFFFF }
    var frame = isUp ? gatewayMAC + terminalMAC : terminalMAC + gatewayMAC
    frame += [8, 0]
    frame += header
    let start = frame.count + checksumAt
    frame += content
    frame[start] = UInt8(checksum >> 8)
    frame[start + 1] = UInt8(checksum & 0xFF)
    return frame
  }

  private static func sum(_ bytes: some Collection<UInt8>) -> UInt32 {
    var total: UInt32 = 0
    var isHigh = true
    for byte in bytes {
      total += isHigh ? UInt32(byte) << 8 : UInt32(byte)
      isHigh.toggle()
    }
    return total
  }

  private static func folded(_ value: UInt32) -> UInt16 {
    let once = (value & 0xFFFF) + (value >> 16)
    return UInt16(truncatingIfNeeded: (once & 0xFFFF) + (once >> 16))
  }
}
