import Foundation
import Gateway
import Glibc
import Logging
import NetworkTypes
import PacketSender
import Synchronization
import TrafficGeneration

/// The whole gateway in dry run on one core, the sender on another, over a veth pair: how many packets a
/// second are seen without loss. What was sent, what was seen and what the kernel says it dropped must add
/// up.
enum LiveBenchmark {
  private struct Row {
    var wanted: Int
    var reached: Double
    var sent: Int
    var status: SensorStatus
    /// Share of its core that the gateway used while packets came.
    var share: Double
  }

  static func run(_ arguments: Arguments) async throws {
    // Kept over the start anew: all threads of the gateway stay on the second core.
    if !Surroundings.isInside { stay_on_core(1) }
    try Surroundings.enterNamespace()
    let rates = arguments.text("rates", default: "300000,400000,500000,600000").split(separator: ",")
      .compactMap { Int($0) }
    let seconds = try arguments.number("seconds", default: 4)
    let packets = try arguments.number("packets", default: 200_000)
    let indicators = try arguments.number("indicators", default: 100_000)
    let ring = try arguments.number("ring", default: 128)
    let recording = TrafficRecording(.mixed, seed: 1, packets: packets, listed: 10_000..<10_010)
    try TrafficLine.make()
    var rows: [Row] = []
    for rate in rates {
      rows.append(
        try await Surroundings.withFolder { folder in
          try await measure(recording, rate, seconds: seconds, indicators: indicators, ring: ring, folder)
        })
    }
    let mean = Double(recording.bytes.count) / Double(recording.count)
    if arguments.isJSON {
      for row in rows {
        print(
          """
          {"benchmark":"live","bytes":\(decimal(mean, 1)),"wanted":\(row.wanted),\
          "perSecond":\(decimal(row.reached, 0)),"sent":\(row.sent),"seen":\(row.status.sensor.packets),\
          "dropped":\(row.status.sensor.dropped),"listedDropped":\(row.status.listedDropped),\
          "newPutOff":\(row.status.newPutOff),"share":\(decimal(row.share, 3))}
          """)
      }
      return
    }
    print(
      "\(recording.count) different packets of \(decimal(mean, 0)) bytes, in turn; \(indicators) indicators, "
        + "one capture thread, a ring of \(ring) MiB, one core for the whole gateway")
    var table = Table([
      "wanted a second", "reached", "sent", "seen", "drop counter", "sent - seen", "new put off", "core",
    ])
    for row in rows {
      let sums = row.status.sensor
      table.add([
        "\(row.wanted)", decimal(row.reached, 0), "\(row.sent)", "\(sums.packets)", "\(sums.dropped)",
        "\(row.sent - Int(sums.packets))", "\(row.status.newPutOff)", "\(decimal(100 * row.share, 0)) %",
      ])
    }
    print(table.text)
  }

  private static func measure(
    _ recording: TrafficRecording, _ rate: Int, seconds: Int, indicators: Int, ring: Int, _ folder: String
  ) async throws -> Row {
    var listing = recording.domains
    for number in 0..<(indicators / 2) { listing.append("n\(number).listed.example.org") }
    for number in 0..<(indicators / 2) {
      listing.append(IPAddress(ipv4: 0x0B00_0000 + UInt32(number)).description)
    }
    let line = try await TrafficLine.open(
      listing: listing, mode: "dry-run", threads: 1, ring: ring, judgesNames: true, folder)
    let before = Surroundings.processorMilliseconds
    let played = await TrafficLine.play(recording, count: rate * seconds, perSecond: rate)
    let used = Surroundings.processorMilliseconds - before - Double(played.processorNanoseconds) / 1_000_000
    try await line.close()
    guard let status = line.service.sensorStatus else { throw BenchmarkError("there was no sensor") }
    return Row(
      wanted: rate, reached: Double(played.sent) / played.seconds, sent: played.sent, status: status,
      share: used / 1000 / played.seconds)
  }
}
