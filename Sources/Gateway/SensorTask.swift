import Capture
import Inspection
import Logging
import NetworkTypes
import Reputation

/// Captures on one interface and sends what is to be judged to the detector.
struct SensorTask: Sendable {
  /// How often losses are looked for, and the counters kept for `status`.
  private static let rhythm: Duration = .seconds(10)

  let settings: GatewayConfiguration.Sensor
  let slot: ReputationIndexSlot
  let channel: SightingChannel
  /// Whether names that no list has are handed over too.
  let judgesNames: Bool
  let counters: SensorCounters
  let logger: Logger
  /// Keeps the counters for who asks.
  let save: @Sendable () -> Void
  /// Called when the interface is open: from then on no packet is missed.
  let onReady: @Sendable () -> Void

  /// Runs until the task is cancelled or the interface cannot be captured any more.
  func run() async throws(CaptureError) -> CaptureEnding {
    var capture = LiveCapture.Settings(interface: settings.interface)
    capture.isPromiscuous = settings.isPromiscuous
    capture.ringBytes = settings.ringBytes
    capture.filter = settings.filter
    let live = try CaptureGroup(capture, threads: settings.threads, isReadable: LinkType.isSupported)
    let link = LinkType(dataLink: live.dataLink)
    logger.notice(
      "capturing", metadata: ["interface": "\(settings.interface)", "threads": "\(live.count)"])
    onReady()
    save()
    let watch = Task { await tellLosses(of: live) }
    defer {
      watch.cancel()
      counters.end(live.counters())
      save()
    }
    let slot = slot
    let channel = channel
    let judgesNames = judgesNames
    let counters = counters
    return try await live.run {
      let filter = FilterBox(
        SightingFilter(link: link, slot: slot, judgesNames: judgesNames, sensor: counters))
      return { frame, info in
        if let sighting = filter.examine(frame, at: info.time) {
          if !channel.send(sighting) { filter.forget(sighting) }
        }
      }
    }
  }

  private func tellLosses(of live: CaptureGroup) async {
    var before = live.counters()
    var beforeDetector = (
      listed: channel.droppedListed, new: channel.droppedNew, early: counters.sums.forgottenEarly
    )
    while (try? await Task.sleep(for: Self.rhythm)) != nil {
      let now = live.counters()
      counters.tell(now)
      save()
      if now.dropped != before.dropped || now.droppedByInterface != before.droppedByInterface {
        logger.warning(
          "packets lost",
          metadata: [
            "interface": "\(settings.interface)", "received": "\(now.received)",
            "dropped": "\(now.dropped)", "dropped by interface": "\(now.droppedByInterface)",
          ])
      }
      before = now
      let sums = counters.sums
      let nowDetector = (
        listed: channel.droppedListed, new: channel.droppedNew, early: sums.forgottenEarly
      )
      if nowDetector != beforeDetector {
        logger.warning(
          "the detector cannot follow",
          metadata: [
            "listed sightings dropped": "\(nowDetector.listed)", "new names put off": "\(nowDetector.new)",
            "judged names forgotten early": "\(nowDetector.early)", "handed over": "\(sums.new)",
          ])
      }
      beforeDetector = nowDetector
    }
  }
}

/// Holds the filter for the closure of one capture thread, which alone uses it.
private final class FilterBox {
  private var filter: SightingFilter

  init(_ filter: consuming SightingFilter) { self.filter = filter }

  deinit { filter.tellCounters() }

  func examine(_ frame: Span<UInt8>, at time: Timestamp) -> Sighting? { filter.examine(frame, at: time) }

  func forget(_ sighting: Sighting) { filter.forget(sighting) }
}
