public import FirewallKit
public import HTTPTransport
import Language

/// Talks to one device: fills secrets in, keeps the pace, bounds time and size, and tells what became of
/// a request in the words of the adapter contract.
public struct DeviceClient: Sendable {
  public let endpoint: DeviceEndpoint
  private let client: PacedClient
  private let limits: TransportLimits

  /// Below the time that the engine gives an operation, so that it is we who say what was lost.
  public static let limits = TransportLimits(
    total: .seconds(20), connect: .seconds(5), stall: .seconds(10), bodyBytes: 64 << 20)

  /// - Parameter sender: what carries the requests.
  public init(
    endpoint: DeviceEndpoint, sender: any HTTPSending, limits: TransportLimits = Self.limits
  ) {
    self.endpoint = endpoint
    self.limits = limits
    let rate = endpoint.requestsPerSecond
    client = PacedClient(
      sender: sender, bucket: TokenBucket(rate: rate, burst: max(1, Int(rate))))
  }

  /// Asks without changing anything: repeated when nothing, or no complete answer, came back.
  public func read(_ request: DeviceRequest) async throws(AdapterError) -> DeviceAnswer {
    try await send(
      request,
      retry: RetryPolicy(
        attempts: 3, statuses: [429, 502, 503, 504], retriesNotSent: true, isRepeatable: true,
        firstDelay: .milliseconds(200), longestDelay: .seconds(2), longestRetryAfter: .seconds(5)),
      isChange: false)
  }

  /// Sends what an operation shows, once. Only a 429, by which a server says that it did nothing, is
  /// waited out and repeated.
  ///
  /// Throws `timedOut` when it may have been applied, `unavailable` when nothing was sent, and
  /// `unsupported` when the operation is not one for this endpoint, or would not be sent as it is shown.
  public func perform(_ operation: Operation) async throws(AdapterError) -> DeviceAnswer {
    guard let request = endpoint.request(of: operation.step) else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not a request to \(endpoint.url) with these settings. Make the plan anew.",
          ja: "この操作は、現在の設定の \(endpoint.url) へのリクエストではありません。計画を作り直してください。"))
    }
    return try await send(
      request,
      retry: RetryPolicy(
        attempts: 3, statuses: [429], firstDelay: .milliseconds(200), longestRetryAfter: .seconds(5)),
      isChange: true)
  }

  private func send(
    _ request: DeviceRequest, retry: RetryPolicy, isChange: Bool
  ) async throws(AdapterError) -> DeviceAnswer {
    // Read anew each time, so that a key can be replaced while we run.
    var secrets: [String: Secret] = [:]
    var certificate: ClientCertificate?
    do throws(SecretError) {
      for (name, reference) in endpoint.secrets { secrets[name] = try reference.load(named: name) }
      if let client = endpoint.client {
        certificate = ClientCertificate(
          certificateFile: client.certificateFile, key: try client.key.load())
      }
    } catch {
      throw AdapterError(code: .unauthorized, message: error.message)
    }
    let message = try endpoint.message(
      request, secrets: secrets, limits: limits, retry: retry, client: certificate)
    do throws(HTTPError) {
      return DeviceAnswer(try await client.send(message), to: message, isOfChange: isChange)
    } catch {
      let isLost = isChange && error.fate == .unknown
      throw AdapterError(code: isLost ? .timedOut : .unavailable, message: error.message)
    }
  }
}
