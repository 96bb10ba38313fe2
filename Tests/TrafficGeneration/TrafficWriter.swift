import Glibc

/// Writes a pcap file of conversations between 1,000 terminals (198.18.0.0/15, RFC 2544) and servers
/// in 10.0.0.0/8, which no host of the Internet has. A shorter file is the beginning of a longer one.
public enum TrafficWriter {
  /// Why a file could not be written.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameter lists: what one conversation in a hundred goes to.
  /// - Returns: packets written by kind, in order of name, and what there is to be found.
  @discardableResult
  public static func write(
    to path: String, mix: TrafficMix, packets: Int, seed: UInt64, lists: TrafficLists? = nil
  ) throws(Failure) -> (kinds: [(String, Int)], truth: TrafficTruth) {
    guard let file = fopen(path, "we") else {
      throw Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var output: [UInt8] = []
    output.reserveCapacity(1 << 20)
    func flush() throws(Failure) {
      guard fwrite(output, 1, output.count, file) == output.count else {
        throw Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
      }
      output.removeAll(keepingCapacity: true)
    }
    // pcap 2.4, microseconds, snap length 65535, Ethernet.
    for word: UInt32 in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, 1] { output.append(little: word) }

    var stream = TrafficStream(mix, seed: seed, lists: lists)
    var truth = TrafficTruth()
    var counts: [String: Int] = [:]
    for number in 0..<packets {
      let packet = stream.next()
      counts[packet.kind, default: 0] += 1
      if packet.hasListedAddress { truth.addresses += 1 }
      if packet.hasListedName { truth.names += 1 }
      if packet.hasListedName, packet.answered != nil { truth.answers += 1 }
      let moment = 1_767_225_600_000_000 + number * 10
      output.append(little: UInt32(moment / 1_000_000))
      output.append(little: UInt32(moment % 1_000_000))
      output.append(little: UInt32(packet.frame.count))
      output.append(little: UInt32(packet.frame.count))
      output += packet.frame
      if output.count > 1 << 20 - 2048 { try flush() }
    }
    try flush()
    return (counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, truth)
  }
}

extension [UInt8] {
  mutating func append(little value: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func append(big value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  mutating func append(big value: UInt32) {
    append(big: UInt16(truncatingIfNeeded: value >> 16))
    append(big: UInt16(truncatingIfNeeded: value))
  }

  /// A value with its length in front of it, in two bytes, as TLS and DNS like it.
  mutating func append(sized value: [UInt8]) {
    append(big: UInt16(value.count))
    self += value
  }
}
