import Foundation
import Language
import NetworkTypes

/// The laboratory: a terminal behind this host as its gateway, and an outside with a resolver and web
/// servers that are real programs.
public struct Lab: Sendable {
  /// The watched machine.
  public let terminal: Terminal
  /// How long the building took, services included.
  public let buildTime: Duration

  /// Builds the laboratory, hands it to `body` and takes it down again, whatever happens.
  /// - Throws: `LabError`, or what `body` throws.
  public static func run<Result: Sendable>(
    _ body: @escaping @Sendable (Lab) async throws -> Result
  ) async throws -> Result {
    let start = ContinuousClock.now
    let topology = try await LabTopology.build()
    do {
      let files = try await LabFiles.write()
      defer { files.remove() }
      let result = try await withServices(of: files) {
        try await body(Lab(terminal: Terminal(files: files), buildTime: ContinuousClock.now - start))
      }
      await topology.remove()
      return result
    } catch {
      await topology.remove()
      throw error
    }
  }

  private enum Event<Result: Sendable>: Sendable {
    case ready
    case ended
    case result(Result)
  }

  private static func withServices<Result: Sendable>(
    of files: LabFiles, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let services = [
      LabService(
        name: "dnsmasq", command: ["dnsmasq", "--no-daemon", "--conf-file=\(files.resolverSettings)"],
        readiness: Terminal(files: files).command(["getent", "ahostsv4", LabNetwork.goodName.text]),
        log: files.log(of: "dnsmasq")),
      LabService(
        name: "nginx", command: ["nginx", "-e", "stderr", "-c", files.webSettings],
        readiness: Terminal(files: files).command([
          "curl", "-q", "--silent", "--output", "/dev/null", "--noproxy", "*", "--max-time", "1",
          "http://\(LabNetwork.goodV4)/",
        ]),
        log: files.log(of: "nginx")),
    ]
    return try await withThrowingTaskGroup(of: Event<Result>.self) { group in
      let (readiness, report) = AsyncStream.makeStream(of: Void.self)
      let stops = services.map { service in
        let (stop, stopping) = AsyncStream.makeStream(of: Never.self)
        group.addTask {
          try await service.run(until: stop) { report.yield() }
          return .ended
        }
        return stopping
      }
      group.addTask {
        for await _ in readiness.prefix(services.count) {}
        try Task.checkCancellation()
        return .ready
      }
      while let event = try await group.next() {
        switch event {
        case .ready:
          group.addTask { .result(try await body()) }
        case .ended:
          // Only stopping ends a service without an error.
          continue
        case .result(let result):
          for stop in stops { stop.finish() }
          for try await _ in group {}
          return result
        }
      }
      throw CancellationError()
    }
  }
}
