/// A firewall that exists in memory and is asked over HTTPS: stateful like the real one, and strict. What
/// the vendor's API does not have is answered with the vendor's error and remembered as a violation.
public protocol SimulatedDevice: Sendable {
  /// What it is called in `sekisho lab device NAME`.
  static var name: String { get }

  /// Carries a request out and answers it as the device would.
  /// - Parameter fault: what goes wrong inside the device this time.
  func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer

  /// Whether a request is one that may change something.
  func isChange(_ request: SimulatedRequest) -> Bool

  /// Requests so far that are outside of the vendor's API, each in a sentence.
  var violations: [String] { get }
}

/// A complete request as it arrived.
public struct SimulatedRequest: Sendable {
  public var method: String
  /// Path and query as they stand in the request line.
  public var target: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public init(
    method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// The first value of a field, by its name in any case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

public struct SimulatedAnswer: Sendable {
  public var status: Int
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public init(status: Int = 200, type: String, text: String) {
    self.init(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
  }
}
