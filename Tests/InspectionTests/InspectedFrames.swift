import NetworkTypes
import Testing

@testable import Inspection

/// Runs frames through one inspector and keeps what the last one gave.
struct InspectedFrames: ~Copyable {
  var inspector = Inspector(flowCapacity: 1024, seed: 42)
  var headers = PacketHeaders()
  var observation = Observation()
  /// 2026-01-01T00:00:00.000001Z.
  var time = Timestamp(microseconds: 1_767_225_600_000_001)

  @discardableResult
  mutating func take(_ frame: [UInt8], link: LinkType = .ethernet) -> Inspection {
    inspector.inspect(
      frame.span, link: link, time: time, headers: &headers, observation: &observation)
  }

  /// The counters above zero, without those of every frame.
  var reasons: [String: UInt64] {
    var reasons: [String: UInt64] = [:]
    for (name, value) in inspector.counters.all where value > 0 && name != "packets" && name != "bytes" {
      reasons[name] = value
    }
    return reasons
  }
}
