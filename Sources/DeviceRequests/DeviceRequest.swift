public import FirewallKit
public import HTTPTransport
import Language

/// A request to a device as it is shown. What is sent is made from this and from nothing else, so that
/// what is previewed is what is sent.
///
/// A secret stands in it as `‹secret:name›`. It is filled in as the `Content-Type` of the body wants it
/// (JSON, XML, form), and as it is in fields, but for `Authorization: Basic`, where it is the user and the
/// password with a colon between them. Words of others must be written so that they cannot bring
/// such a mark along: percent-encoded, or with `‹` escaped.
public struct DeviceRequest: Sendable, Hashable {
  public var method: HTTPRequest.Method
  /// Path and query, appended to the path of the endpoint; begins with `/`.
  public var target: String
  public var headers: [Operation.Header]
  public var body: String?

  public init(
    _ method: HTTPRequest.Method, _ target: String, headers: [Operation.Header] = [], body: String? = nil
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// A request with a form (`application/x-www-form-urlencoded`).
  public init(
    form parameters: [(name: String, value: String)], to target: String, headers: [Operation.Header] = []
  ) {
    self.init(
      .post, target,
      headers: headers + [Operation.Header("Content-Type", "application/x-www-form-urlencoded")],
      body: parameters.map { "\(FormEncoding.encoded($0.name))=\(FormEncoding.encoded($0.value))" }
        .joined(separator: "&"))
  }
}

extension DeviceEndpoint {
  /// The literal step: every field in the order of sending.
  public func step(_ request: DeviceRequest) throws(AdapterError) -> Operation.Step {
    var named: [String: Secret] = [:]
    for name in secrets.keys { named[name] = Secret(name: name, value: name) }
    return Self.step(of: try message(request, secrets: named, limits: TransportLimits(), retry: .never))
  }

  /// The request that a step shows; `nil` when it is not one to this device, or would not be sent as shown.
  func request(of step: Operation.Step) -> DeviceRequest? {
    guard case .request(let methodName, let address, let fields, let body) = step,
      let method = HTTPRequest.Method(rawValue: methodName), address.hasPrefix(base)
    else { return nil }
    let framing: Set<String> = ["host", "content-length"]
    let hasBody = fields.contains { $0.name == "Content-Length" }
    let request = DeviceRequest(
      method, String(address.dropFirst(base.count)),
      headers: fields.filter { !framing.contains($0.name.lowercased()) }, body: hasBody ? body : nil)
    guard (try? self.step(request)) == step else { return nil }
    return request
  }

  /// The endpoint without the slash at its end.
  private var base: String {
    let text = url.description
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  /// The request with these secrets in it.
  func message(
    _ request: DeviceRequest, secrets: [String: Secret], limits: TransportLimits, retry: RetryPolicy,
    client: ClientCertificate? = nil
  ) throws(AdapterError) -> HTTPRequest {
    let address: HTTPURL
    do throws(HTTPURLError) {
      address = try HTTPURL(base + request.target)
    } catch {
      throw AdapterError(code: .unsupported, message: error.message)
    }
    let kind = request.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
    return HTTPRequest(
      request.method, address,
      headers: request.headers.map {
        HTTPRequest.Field($0.name, MarkedText.field($0.name, $0.value, with: secrets))
      },
      body: request.body.map { MarkedText.filled($0, with: secrets, in: MarkedText.Place(kind)) },
      retry: retry,
      transport: TransportSettings(
        tls: TLSSettings(authorityFile: authorityFile, pins: pins, clientCertificate: client),
        proxy: isLoopback ? .none : .environment, limits: limits, permitsPlainText: isLoopback))
  }

  private static func step(of request: HTTPRequest) -> Operation.Step {
    let text = request.preview
    // After the line that says whom it goes to come the request line and the fields, up to an empty line.
    let end = text.firstRange(of: "\n\n")
    let head = text[..<(end?.lowerBound ?? text.endIndex)].split(separator: "\n").dropFirst(2)
    let headers = head.map { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return Operation.Header(String(parts[0]), String(parts.last?.dropFirst() ?? ""))
    }
    return .request(
      method: request.method.rawValue, url: request.url.description, headers: headers,
      body: end.map { String(text[$0.upperBound...]) } ?? "")
  }
}
