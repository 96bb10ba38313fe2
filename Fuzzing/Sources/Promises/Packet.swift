/// IPv4 packets between one terminal (192.0.2.10) and one server (203.0.113.7).
public enum Packet {
  public static func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8]) -> [UInt8] {
    ip(
      17,
      [UInt8(source >> 8), UInt8(source & 0xFF), UInt8(destination >> 8), UInt8(destination & 0xFF)]
        + bytes(UInt16(8 + payload.count)) + [0, 0], payload)
  }

  public static func tcp(
    _ source: UInt16, _ destination: UInt16, sequence: UInt32, flags: UInt8 = 0x18, _ payload: [UInt8]
  ) -> [UInt8] {
    ip(
      6,
      bytes(source) + bytes(destination) + bytes(UInt16(sequence >> 16)) + bytes(UInt16(sequence & 0xFFFF))
        + [0, 0, 0, 1, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0], payload)
  }

  /// A SYN, and behind it the payload in one segment.
  public static func stream(_ payload: [UInt8], port: UInt16, first: UInt32 = 1000) -> [[UInt8]] {
    [tcp(50_000, port, sequence: first &- 1, flags: 2, []), tcp(50_000, port, sequence: first, payload)]
  }

  static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

  private static func ip(_ number: UInt8, _ header: [UInt8], _ payload: [UInt8]) -> [UInt8] {
    [0x45, 0] + bytes(UInt16(20 + header.count + payload.count))
      + [0, 1, 0, 0, 64, number, 0, 0, 192, 0, 2, 10, 203, 0, 113, 7] + header + payload
  }
}
