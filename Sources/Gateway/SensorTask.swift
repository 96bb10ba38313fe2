import Capture
import Inspection
import Logging
import NetworkTypes
import Reputation

/// Captures on one interface and sends what touches a list to the detector.
struct SensorTask: Sendable {
  let settings: GatewayConfiguration.Sensor
  let slot: ReputationIndexSlot
  let channel: SightingChannel
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
    return try await live.run {
      let filter = FilterBox(SightingFilter(link: link, slot: slot))
      return { frame, info in
        if let sighting = filter.examine(frame, at: info.time) { channel.send(sighting) }
      }
    }
  }

  private func tellLosses(of live: LiveCapture) async {
    var before = live.counters()
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
    }
  }
}

/// Holds the filter for the closure of one capture thread, which alone uses it.
private final class FilterBox {
  private var filter: SightingFilter

  init(_ filter: consuming SightingFilter) { self.filter = filter }

  func examine(_ frame: Span<UInt8>, at time: Timestamp) -> Sighting? { filter.examine(frame, at: time) }
}
