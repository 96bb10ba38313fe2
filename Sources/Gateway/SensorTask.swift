import Capture
import Inspection
import Logging
import NetworkTypes
import Reputation

/// Captures on one interface and sends what is to be judged to the detector.
struct SensorTask: Sendable {
  let settings: GatewayConfiguration.Sensor
  let slot: ReputationIndexSlot
  let channel: SightingChannel
  /// Whether names that no list has are handed over too.
  let judgesNames: Bool
  let handOver: HandOverCounters
  let logger: Logger
  /// Called when the interface is open: from then on no packet is missed.
  let onReady: @Sendable () -> Void

  /// Runs until the task is cancelled or the interface cannot be captured any more.
  func run() async throws(CaptureError) -> CaptureEnding {
    var capture = LiveCapture.Settings(interface: settings.interface)
    capture.isPromiscuous = settings.isPromiscuous
    capture.ringBytes = settings.ringBytes
    capture.filter = settings.filter
    let live = try LiveCapture(capture, isReadable: LinkType.isSupported)
    let link = LinkType(dataLink: live.dataLink)
    logger.notice("capturing", metadata: ["interface": "\(settings.interface)"])
    onReady()
    let watch = Task { await tellLosses(of: live) }
    defer { watch.cancel() }
    let slot = slot
    let channel = channel
    let judgesNames = judgesNames
    let handOver = handOver
    return try await live.run {
      let filter = FilterBox(
        SightingFilter(link: link, slot: slot, judgesNames: judgesNames, handOver: handOver))
      return { frame, info in
        if let sighting = filter.examine(frame, at: info.time) {
          if !channel.send(sighting) { filter.forget(sighting) }
        }
      }
    }
  }

  private func tellLosses(of live: LiveCapture) async {
    var before = live.counters()
    var beforeDetector = (listed: channel.droppedListed, new: channel.droppedNew, early: handOver.displaced)
    while (try? await Task.sleep(for: .seconds(10))) != nil {
      let now = live.counters()
      if now.dropped != before.dropped || now.droppedByInterface != before.droppedByInterface {
        logger.warning(
          "packets lost",
          metadata: [
            "interface": "\(settings.interface)", "received": "\(now.received)",
            "dropped": "\(now.dropped)", "dropped by interface": "\(now.droppedByInterface)",
          ])
      }
      before = now
      let nowDetector = (listed: channel.droppedListed, new: channel.droppedNew, early: handOver.displaced)
      if nowDetector != beforeDetector {
        logger.warning(
          "the detector cannot follow",
          metadata: [
            "listed sightings dropped": "\(nowDetector.listed)", "new names put off": "\(nowDetector.new)",
            "judged names forgotten early": "\(nowDetector.early)", "handed over": "\(handOver.handedOver)",
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

  func examine(_ frame: Span<UInt8>, at time: Timestamp) -> Sighting? { filter.examine(frame, at: time) }

  func forget(_ sighting: Sighting) { filter.forget(sighting) }
}
