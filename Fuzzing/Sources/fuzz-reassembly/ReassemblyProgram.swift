import Inspection
import Promises

/// A stream in segments of any order that overlap, repeat and contradict each other. The input gives the
/// segments (4 bytes each: where, how long, what is changed, of which flow) and behind them the stream.
///
/// What is told first of a flow is what its bytes tell in one piece, of each place the byte that came first.
@main enum ReassemblyProgram {
  static func main() {
    fuzz { start, count in
      ReassemblyProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard input.count > 2 else { return }
    let segmentCount = Int(input[0]) % 48 + 1
    guard input.count > 2 + segmentCount * 4 else { return }
    let port: UInt16 = [443, 80, 53][Int(input[1]) % 3]
    let hasManyFlows = input[1] & 0x80 != 0
    let text = Array(input[(2 + segmentCount * 4)...])
    let first: UInt32 = input[1] & 0x40 == 0 ? 1000 : 0xFFFF_FF00

    var frames: [[UInt8]] = []
    let flows: [UInt16] = hasManyFlows ? [50_000, 50_001, 50_002, 50_003] : [50_000]
    for flow in flows { frames.append(Packet.tcp(flow, port, sequence: first &- 1, flags: 2, [])) }
    var model = [UInt8?](repeating: nil, count: text.count)
    var prefixes: [Int] = frames.map { _ in 0 }
    for number in 0..<segmentCount {
      let place = 2 + number * 4
      let from = text.count * Int(input[place]) / 256
      let length = min(text.count - from, Int(input[place + 1]) * 6 + 1)
      let change = input[place + 2] < 0xC0 ? 0 : input[place + 2] & 0x3F
      let flow = flows[Int(input[place + 3]) % flows.count]
      let bytes = text[from..<(from + length)].map { $0 ^ change }
      frames.append(Packet.tcp(flow, port, sequence: first &+ UInt32(from), bytes))
      for (offset, byte) in bytes.enumerated() where model[from + offset] == nil {
        model[from + offset] = byte
      }
      prefixes.append(model.firstIndex { $0 == nil } ?? model.count)
    }

    var trial = Trial()
    for (number, frame) in frames.enumerated() {
      guard trial.take(frame) == .observation, trial.observation.kind != .connection else { continue }
      guard !hasManyFlows, number >= flows.count else { continue }
      let counters = trial.inspector.counters
      // A stream that was given up begins anew wherever it is next seen.
      guard counters.streamsAbandoned == 0, counters.segmentsOmitted == 0 else { break }
      let prefix = model[..<prefixes[number]].compactMap { $0 }
      if let whole = Trial.first(of: Packet.stream(prefix, port: port, first: first)) {
        promise(trial.line == whole, "segments tell what the whole tells")
      }
      break
    }
    _ = Trial.tell(frames)
  }
}
