import Capture
import Enforcement
import Foundation
import Inspection
public import NetworkTypes

/// How the sensor and the detector fare, with a counter for every drop and every refusal: what the
/// service leaves in the state directory for `sekisho status`.
public struct SensorStatus: Codable, Hashable, Sendable {
  /// Sums over all capture threads since the service began.
  public struct Sums: Codable, Hashable, Sendable {
    /// Packets that the kernel gave to the sensor or had to drop.
    public var received: UInt64 = 0
    /// Of these, packets lost because a ring was full.
    public var dropped: UInt64 = 0
    public var droppedByInterface: UInt64 = 0
    /// Packets that were looked at.
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
    /// What could not be read, or only in part, by reason; without zeros.
    public var faults: [String: UInt64] = [:]
    /// Sightings of what a list has that were handed over, and further ones within a second.
    public var listed: UInt64 = 0
    public var listedAgain: UInt64 = 0
    /// Names and addresses that no list has that were handed over, and those judged a moment ago.
    public var new: UInt64 = 0
    public var newAgain: UInt64 = 0
    /// Destinations forgotten early, because a table of what was handed over is full.
    public var forgottenEarly: UInt64 = 0

    public init() {}

    mutating func add(_ filter: FilterCounters) {
      packets &+= filter.inspection.packets
      bytes &+= filter.inspection.bytes
      for fault in filter.inspection.faults where fault.value > 0 {
        faults[fault.name, default: 0] &+= fault.value
      }
      listed &+= filter.listed
      listedAgain &+= filter.listedAgain
      new &+= filter.new
      newAgain &+= filter.newAgain
      forgottenEarly &+= filter.forgottenEarly
    }

    func adding(_ kernel: CaptureCounters) -> Sums {
      var sums = self
      sums.received &+= kernel.received
      sums.dropped &+= kernel.dropped
      sums.droppedByInterface &+= kernel.droppedByInterface
      return sums
    }
  }

  /// When the service told it last.
  public var time: Timestamp
  public var interface: String
  public var threads: Int
  public var sensor: Sums
  /// Sightings of what a list has that found the detector's queue full.
  public var listedDropped: UInt64
  /// New names that found it full; they are handed over when they are next seen.
  public var newPutOff: UInt64
  /// Pairs of address and name that gave way to newer ones before they expired.
  public var passiveNamesOverwritten: UInt64
  /// Verdicts to block, and to report.
  public var block: UInt64
  public var report: UInt64
  /// Addresses that the collateral guard kept open.
  public var held: UInt64
  /// Verdicts to block that a firewall has not taken yet, by its name; without zeros.
  public var waiting: [String: Int]

  private static func path(_ state: String) -> String { state + "/sensor.json" }

  /// What the service of a state directory told last; `nil` when there is nothing.
  public init?(state: String) {
    guard let data = try? Data(contentsOf: URL(filePath: Self.path(state))),
      let status = try? JSONDecoder().decode(SensorStatus.self, from: data)
    else { return nil }
    self = status
  }

  init(
    time: Timestamp, _ settings: GatewayConfiguration.Sensor, _ sensor: SensorCounters,
    _ channel: SightingChannel, _ detector: Detector, _ verdicts: VerdictCounters,
    _ lanes: [FirewallLane]
  ) {
    self.time = time
    interface = settings.interface
    threads = settings.threads
    self.sensor = sensor.sums
    listedDropped = channel.droppedListed
    newPutOff = channel.droppedNew
    passiveNamesOverwritten = detector.passiveNamesOverwritten
    block = verdicts.block
    report = verdicts.report
    held = verdicts.held
    waiting = Dictionary(uniqueKeysWithValues: lanes.map { ($0.engine.name, $0.waiting) }).filter {
      $0.value > 0
    }
  }

  /// Keeps it for who asks; replaced whole.
  func save(state: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try encoder.encode(self).write(to: URL(filePath: Self.path(state)), options: .atomic)
  }
}
