public import Inspection
import NetworkTypes

/// A small inspector with what it fills.
public struct Trial: ~Copyable {
  public var inspector = Inspector(flowCapacity: 16, streamCapacity: 2, seed: 1)
  public var headers = PacketHeaders()
  public var observation = Observation()

  public init() {}

  public mutating func take(_ frame: [UInt8], link: LinkType = .rawIP) -> Inspection {
    inspector.inspect(
      frame.span, link: link, time: Timestamp(seconds: 1_767_225_600), headers: &headers,
      observation: &observation)
  }

  /// What the frames tell, held to what is true of every observation: that it is sound, and that it does not
  /// depend on what was told before.
  public static func tell(_ frames: [[UInt8]], link: LinkType = .rawIP) -> [Observation] {
    var fresh = Trial()
    var used = Trial()
    used.fill()
    var observations: [Observation] = []
    for frame in frames {
      let result = fresh.take(frame, link: link)
      promise(result == used.take(frame, link: link), "the result does not depend on earlier packets")
      guard result == .observation else { continue }
      let told = fresh.line
      promiseSound(fresh.observation, told: told)
      promise(told == used.line, "what is told does not depend on earlier packets")
      observations.append(fresh.observation)
    }
    promise(fresh.inspector.counters.packets == UInt64(frames.count), "every frame is counted")
    return observations
  }

  /// What was told last, as JSON.
  public var line: [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(512)
    observation.appendJSON(to: &line)
    return line
  }

  /// The first thing beside a connection that the frames tell, as JSON.
  public static func first(of frames: [[UInt8]]) -> [UInt8]? {
    var trial = Trial()
    for frame in frames where trial.take(frame) == .observation && trial.observation.kind != .connection {
      return trial.line
    }
    return nil
  }

  /// Leaves something in every field, of flows that are none of the programs'.
  private mutating func fill() {
    for frame in Self.others { _ = take(frame) }
  }

  private static let others: [[UInt8]] = {
    let name: [UInt8] = [5] + "other".utf8 + [7] + "example".utf8 + [0]
    let question = name + [0, 1, 0, 1]
    let records: [UInt8] =
      [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 8, 5] + "alias".utf8 + [0xC0, 18]
      + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 99]
    let answer: [UInt8] = [0, 7, 0x81, 0x83, 0, 1, 0, 2, 0, 0, 0, 0] + question + records
    let request = Array(
      "POST http://192.0.2.98/path HTTP/1.1\r\nHost: other.example\r\nUser-Agent: other\r\n\r\n".utf8)
    return [Packet.udp(53, 60_000, answer), Packet.tcp(60_001, 8080, sequence: 5, request)]
  }()
}
