import Capture
import Detection
public import Enforcement
public import Feeds
import FirewallKit
import Foundation
import Language
public import Logging
public import NetworkTypes
import Policy
public import Reputation
public import ServiceLifecycle

/// The gateway at work: sensor, detector, and a keeper for each firewall, until it is told to stop.
///
/// Stopping leaves the blocks in force; their deadlines are on the firewalls.
public struct GatewayService: Service, CustomStringConvertible {
  private let gateway: Gateway
  private let slot: ReputationIndexSlot
  private let parts: DetectorParts
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  private let feeds: (updater: FeedUpdater, contents: [FeedContent])?
  private let onReady: @Sendable () -> Void
  private let channel = SightingChannel()
  private let sensorCounters = SensorCounters()
  private let verdicts = VerdictCounters()
  private let detector: Detector
  private let lanes: [FirewallLane]

  /// - Parameters:
  ///   - parts: what names are judged by, and the guard; without them only listings count.
  ///   - feeds: keeps the index current: who updates the feeds, and what `index` was built from. Without it
  ///     the index stays as it is.
  ///   - onReport: called for each verdict that asked for blocks and each firewall, with what came of it there;
  ///     with no reports where the collateral guard left nothing to do. Again when it was tried again.
  ///   - onReady: called when packets are being captured.
  public init(
    _ gateway: Gateway, index: ReputationIndex, parts: DetectorParts = .listingsOnly, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp,
    feeds: (updater: FeedUpdater, contents: [FeedContent])? = nil,
    onReport: @escaping @Sendable (Detector.Finding, [ActionReport]) -> Void = { _, _ in },
    onReady: @escaping @Sendable () -> Void = {}
  ) {
    self.gateway = gateway
    lanes = gateway.enginesOfPolicy.map {
      FirewallLane(
        engine: $0, policy: gateway.configuration.policy, logger: logger, clock: clock, onReport: onReport)
    }
    slot = ReputationIndexSlot(index)
    detector = Detector(slot: slot, parts: parts)
    self.parts = parts
    self.logger = logger
    self.clock = clock
    self.feeds = feeds
    self.onReady = onReady
  }

  /// Stands for the service in logs, which would otherwise print everything inside.
  public var description: String { "sekisho gateway" }

  /// How sensor and detector fare; `nil` without a sensor. The kernel's counters in it are up to 10 s old.
  public var sensorStatus: SensorStatus? {
    gateway.configuration.sensor.map {
      SensorStatus(time: clock(), $0, sensorCounters, channel, detector, verdicts, lanes)
    }
  }

  private func saveSensorStatus() {
    do {
      try sensorStatus?.save(state: gateway.state)
    } catch {
      logger.warning("the sensor's counters cannot be kept", metadata: ["error": "\(error)"])
    }
  }

  public func run() async throws {
    // Said here, where a signal to stop is already obeyed: whoever waits for this line may send one.
    let index = slot.index
    logger.notice(
      "started",
      metadata: [
        "firewalls": "\(gateway.engines.map { "\($0.name)=\($0.mode.rawValue)" }.joined(separator: " "))",
        "names": "\(index.nameCount)", "addresses": "\(index.addressCount)",
        "prefixes": "\(index.prefixCount)", "policy": "\(gateway.configuration.policy.name)",
        "model": "\(parts.judge.nameModel?.identifier ?? "none")",
      ])
    // Side by side, because one that is away answers nothing for a while.
    await withDiscardingTaskGroup { group in
      for engine in gateway.engines { group.addTask { await recover(engine) } }
    }
    let dispatcher = BlockDispatcher(lanes: lanes, logger: logger, clock: clock)
    let laneWork = lanes.map { lane in Task { await lane.run() } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for engine in gateway.engines {
        let keeper = FirewallKeeper(
          engine: engine, reconcileEvery: gateway.configuration.reconcileEvery, clock: clock,
          logger: logger)
        group.addTask { await keeper.run() }
      }
      for worker in gateway.workers {
        group.addTask { try await keepWorking(worker.adapter, firewall: worker.firewall) }
      }
      group.addTask { await detect(channel.listed, dispatcher) }
      group.addTask { await detect(channel.new, dispatcher) }
      if let settings = gateway.configuration.sensor {
        group.addTask { await gateway.protection.keepFresh() }
        let sensor = SensorTask(
          settings: settings, slot: slot, channel: channel, judgesNames: detector.judgesNames,
          counters: sensorCounters, logger: logger, save: { saveSensorStatus() }, onReady: onReady)
        group.addTask { try await keepCapturing(sensor) }
      }
      if let feeds {
        let keeper = FeedKeeper(
          gateway.configuration.feeds, holding: feeds.contents, updater: feeds.updater, logger: logger
        ) { contents in await publish(contents) }
        group.addTask { try await keeper.run() }
      }
      group.addTask { try? await gracefulShutdown() }
      // The first to end is the shutdown, or a failure that nothing can mend.
      _ = try await group.next()
      group.cancelAll()
    }
    channel.finish()
    for lane in lanes { lane.finish() }
    for work in laneWork { await work.value }
    let sums = sensorCounters.sums
    logger.notice(
      "detector stopped",
      metadata: [
        "packets": "\(sums.packets)", "packets lost": "\(sums.dropped + sums.droppedByInterface)",
        "listed sightings": "\(sums.listed)", "new names judged": "\(sums.new)",
        "judged already": "\(sums.newAgain)", "judged names forgotten early": "\(sums.forgottenEarly)",
        "listed sightings dropped": "\(channel.droppedListed)", "new names put off": "\(channel.droppedNew)",
        "addresses' names overwritten": "\(detector.passiveNamesOverwritten)",
      ])
  }

  /// How long a failed worker rests.
  private static let pause: Duration = .seconds(5)

  /// Lets an adapter do its own work until the gateway stops; what ends it is told, and it begins again.
  private func keepWorking(_ adapter: any BackgroundWorking, firewall: String) async throws {
    while true {
      do throws(AdapterError) {
        try await adapter.work()
      } catch {
        logger.error(
          "an adapter's own work ended",
          metadata: ["firewall": "\(firewall)", "error": "\(error.text(in: .english))"])
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  private func recover(_ engine: FirewallEngine) async {
    do throws(EngineError) {
      try await engine.recover()
    } catch {
      // The firewall may be away now and back later; the keeper goes on trying.
      logger.error(
        "cannot read the firewall",
        metadata: ["firewall": "\(engine.name)", "error": "\(error.text(in: .english))"])
    }
  }

  /// Captures, and after an interruption again: an interface can go and come back. A failure at the
  /// very start (no permission, no such interface) ends the service with its message.
  private func keepCapturing(_ sensor: SensorTask) async throws {
    var started = false
    while !Task.isCancelled {
      let begun = ContinuousClock.now
      do throws(CaptureError) {
        guard try await sensor.run() == .interfaceGone else { return }
        started = true
        logger.critical("the interface is gone; waiting for it")
      } catch {
        started = started || ContinuousClock.now - begun > .seconds(1)
        guard started else { throw error }
        logger.critical(
          "capture stopped; trying again", metadata: ["error": "\(error.message.en)"])
      }
      guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
    }
  }

  /// Compiles what feeds list now, and puts it in force while packets are being looked up.
  private func publish(_ contents: [FeedContent]) async {
    // Millions of indicators take seconds; a thread of its own keeps them from the detector's.
    let result = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          returning: Result { () throws(ReputationError) in try gateway.indexFile.open(for: contents) })
      }
    }
    switch result {
    case .success(let (index, origin)):
      slot.publish(index)
      if case .replaced(let reason) = origin {
        logger.error(
          "the compiled index could not be used; compiled anew", metadata: ["error": "\(reason.en)"])
      }
      logger.notice(
        "lists renewed",
        metadata: [
          "names": "\(index.nameCount)", "addresses": "\(index.addressCount)",
          "prefixes": "\(index.prefixCount)",
        ])
    case .failure(let error):
      logger.error("lists not renewed", metadata: ["error": "\(error.message.en)"])
    }
  }

  private func detect(
    _ sightings: AsyncStream<Sighting>, _ dispatcher: BlockDispatcher
  ) async {
    for await sighting in sightings {
      var finding = detector.finding(for: sighting)
      verdicts.count(finding)
      guard finding.verdict.outcome != .none else { continue }
      finding.judgedAt = clock()
      await dispatcher.dispatch(finding)
    }
  }
}
