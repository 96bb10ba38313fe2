internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
import Synchronization

/// Serves a simulated device over HTTPS (HTTP/1.1, connections are kept) on loopback, and keeps the bytes
/// that went by.
public final class DeviceServer: Sendable {
  /// Two messages as they were on the wire, inside of TLS.
  public struct Exchange: Sendable {
    public var request: [UInt8]
    /// What the device answered, which a fault may have kept from arriving.
    public var answer: SimulatedAnswer
  }

  private struct Record {
    var exchanges: [Exchange] = []
    var requests = 0
    var changes = 0
    var channels: [ObjectIdentifier: any Channel] = [:]
    var presentsWrongCertificate = false
  }

  /// Exchanges that are kept; older ones are dropped.
  public static let keptExchanges = 256
  /// The largest body that is taken, in bytes.
  static let largestBody = 64 << 20

  public let faults = FaultScript()
  /// PEM of the authority that issued the server's certificate.
  public let authority: String
  /// `https://127.0.0.1:PORT`
  public let origin: String
  private let channel: any Channel
  private let record: Shared

  /// Listens on a free port, or on the one given.
  public init(_ device: some SimulatedDevice, port: Int = 0) async throws {
    let authority = try SimulatorAuthority()
    self.authority = authority.certificate
    let right = try Self.context(
      authority.identity(names: ["localhost"], addresses: [[127, 0, 0, 1]]))
    // Issued by the right authority, for somebody else.
    let wrong = try Self.context(authority.identity(names: ["other.example.org"], addresses: []))
    let faults = faults
    let record = Shared()
    self.record = record
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let isWrong = record.state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.presentsWrongCertificate
          }
          channel.closeFuture.whenComplete { _ in
            record.state.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
          }
          let recorder = ByteRecorder()
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(NIOSSLServerHandler(context: isWrong ? wrong : right))
          try pipeline.addHandler(recorder)
          try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
          try pipeline.addHandler(
            ExchangeHandler(recorder: recorder) { request, bytes in
              Self.exchange(request, bytes, device, faults, record)
            })
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    origin = "https://127.0.0.1:\(channel.localAddress?.port ?? 0)"
  }

  deinit {
    channel.close(mode: .all, promise: nil)
    for open in record.state.withLock({ Array($0.channels.values) }) { open.close(mode: .all, promise: nil) }
  }

  /// Requests that arrived whole, those with faults included.
  public var requests: Int { record.state.withLock(\.requests) }
  /// Of those, how many may change something.
  public var changes: Int { record.state.withLock(\.changes) }

  /// What went by since this was last asked, the latest `keptExchanges` of it.
  public func takeExchanges() -> [Exchange] {
    record.state.withLock { state in
      defer { state.exchanges = [] }
      return state.exchanges
    }
  }

  /// From now on, new connections are shown a certificate for another name, or the right one again.
  /// Open connections end.
  public func present(wrongCertificate: Bool) async {
    let open = record.state.withLock { state in
      state.presentsWrongCertificate = wrongCertificate
      return Array(state.channels.values)
    }
    for channel in open { try? await channel.close() }
  }

  /// Stops listening and ends all connections.
  public func close() async {
    try? await channel.close()
    for open in record.state.withLock({ Array($0.channels.values) }) { try? await open.close() }
  }

  private final class Shared: Sendable {
    let state = Mutex(Record())
  }

  private static func context(_ identity: SimulatorAuthority.Identity) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8)).map {
        .certificate($0)
      },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    return try NIOSSLContext(configuration: configuration)
  }

  private static func exchange(
    _ request: SimulatedRequest, _ bytes: [UInt8], _ device: any SimulatedDevice, _ faults: FaultScript,
    _ record: Shared
  ) -> ExchangeHandler.Reaction {
    let isChange = device.isChange(request)
    let fault = faults.next(isChange: isChange)
    let reaction: ExchangeHandler.Reaction
    var answer = SimulatedAnswer(status: 0)
    switch fault {
    case .tooManyRequests:
      answer = SimulatedAnswer(
        status: 429, headers: [("Content-Type", "text/html"), ("Retry-After", "0")],
        body: Array("<html><body><h1>429 Too Many Requests</h1></body></html>".utf8))
      reaction = .whole(answer)
    case .cutBefore:
      reaction = .nothing
    case .cutAfter:
      answer = device.answer(request, fault: nil)
      reaction = .nothing
    case .errorAfterApplying:
      answer = device.answer(request, fault: nil)
      reaction = .whole(
        SimulatedAnswer(status: 500, type: "text/html", text: "<html>Internal Server Error</html>"))
    case .truncatedBody:
      answer = device.answer(request, fault: nil)
      reaction = .half(answer)
    case .slowDrip:
      answer = device.answer(request, fault: nil)
      reaction = .slow(answer)
    case .sessionExpired, .capacityReached, nil:
      answer = device.answer(request, fault: fault)
      reaction = .whole(answer)
    }
    record.state.withLock { state in
      state.requests += 1
      if isChange { state.changes += 1 }
      if state.exchanges.count == keptExchanges { state.exchanges.removeFirst() }
      state.exchanges.append(Exchange(request: bytes, answer: answer))
    }
    return reaction
  }
}
