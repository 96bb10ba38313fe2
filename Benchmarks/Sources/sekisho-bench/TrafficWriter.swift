import Glibc

/// Writes a pcap file of conversations between 900 terminals (198.18.0.0/15, RFC 2544) and servers
/// in 240.0.0.0/4, which no real host has. A shorter file is the beginning of a longer one.
enum TrafficWriter {
  /// - Parameter lists: what one conversation in a hundred goes to.
  /// - Returns: packets written by kind, in order of name, and what there is to be found.
  @discardableResult
  static func write(
    to path: String, mix: TrafficMix, packets: Int, seed: UInt64, lists: TrafficLists? = nil
  ) throws -> (kinds: [(String, Int)], truth: TrafficTruth) {
    guard let file = fopen(path, "we") else {
      throw BenchmarkError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var output: [UInt8] = []
    output.reserveCapacity(1 << 20)
    func flush() throws {
      guard fwrite(output, 1, output.count, file) == output.count else {
        throw BenchmarkError("cannot write \(path): \(String(cString: strerror(errno)))")
      }
      output.removeAll(keepingCapacity: true)
    }
    // pcap 2.4, microseconds, snap length 65535, Ethernet.
    for word: UInt32 in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, 1] { output.append(little: word) }

    var world = TrafficWorld(seed: seed, lists: lists)
    let parts = mix.parts
    let total = parts.reduce(0) { $0 + $1.packets }
    var pools = parts.map { part in
      (0..<part.open).map { _ in Conversation(part.kind, in: &world) }
    }
    var counts: [String: Int] = [:]
    var truth = TrafficTruth()
    for number in 0..<packets {
      var pick = Int.random(in: 0..<total, using: &world.random)
      let pool = parts.firstIndex { part in
        pick -= part.packets
        return pick < 0
      }!
      let member = Int.random(in: 0..<pools[pool].count, using: &world.random)
      if pools[pool][member].isOver { pools[pool][member] = Conversation(parts[pool].kind, in: &world) }
      let packet = pools[pool][member].next(in: &world)
      counts[packet.kind, default: 0] += 1
      if pools[pool][member].isAddressListed { truth.addresses += 1 }
      if packet.hasListedName { truth.names += 1 }
      if packet.hasListedName, packet.isAnswer { truth.answers += 1 }
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
