/// One request, in every detail that reaches the server. Nothing is added on the way: the message that
/// `preview` shows is the message that is sent (HTTP/1.1, RFC 9112).
public struct HTTPRequest: Sendable {
  public enum Method: String, Sendable, Codable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// Where the body of a successful answer (2xx) goes. All others stay in memory.
  public enum Destination: Sendable {
    case memory
    /// A regular file open for writing: emptied, then written from its beginning. It stays the
    /// caller's, and is incomplete when the exchange fails.
    case file(descriptor: Int32)
  }

  public struct Field: Sendable {
    public var name: String
    public var value: SensitiveText

    public init(_ name: String, _ value: SensitiveText) {
      self.name = name
      self.value = value
    }
  }

  public var method: Method
  public var url: HTTPURL
  /// Sent in this order, after `Host`, `User-Agent`, `Accept` and `Accept-Encoding`, of which the last
  /// three may be replaced here. What belongs to the message's framing or to the connection is refused.
  public var headers: [Field]
  /// `nil` sends none. An empty one is announced with `Content-Length: 0`.
  public var body: SensitiveText?
  /// Signs the request (AWS Signature Version 4) with the time of sending. Its body, if any, needs a
  /// `Content-Type` and is at most 1 MiB.
  public var signature: RequestSignature?
  /// Offers gzip. The body of the answer is then unpacked, and limits count what comes out.
  public var acceptsGzip: Bool
  /// How many redirects are followed; only for GET and HEAD, only to `https`, and what is secret goes to
  /// no other origin.
  public var maximumRedirects: Int
  public var retry: RetryPolicy
  public var destination: Destination
  public var transport: TransportSettings

  public init(
    _ method: Method, _ url: HTTPURL, headers: [Field] = [], body: SensitiveText? = nil,
    signature: RequestSignature? = nil, acceptsGzip: Bool = false, maximumRedirects: Int = 0,
    retry: RetryPolicy = .never, destination: Destination = .memory,
    transport: TransportSettings = TransportSettings()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.signature = signature
    self.acceptsGzip = acceptsGzip
    self.maximumRedirects = maximumRedirects
    self.retry = retry
    self.destination = destination
    self.transport = transport
  }
}

/// Credentials of AWS Signature Version 4. A session token is a header field of the request:
/// `X-Amz-Security-Token`.
public struct RequestSignature: Sendable {
  public var keyIdentifier: String
  public var key: Secret
  /// Such as `us-east-1`.
  public var region: String
  /// Such as `wafv2`.
  public var service: String

  public init(keyIdentifier: String, key: Secret, region: String, service: String) {
    self.keyIdentifier = keyIdentifier
    self.key = key
    self.region = region
    self.service = service
  }
}

extension HTTPRequest {
  /// The literal request: whom it goes to, then the message with marks in the place of secrets. Lines
  /// end with a line feed alone. What is only known when it is sent (a signature, its date) is a mark too.
  public var preview: String {
    var text = "→ \(url.origin)\n"
    for line in message.head { text += "\(line)\n" }
    text += "\n"
    if let body { text += body.description }
    return text
  }

  /// Words of others with every secret of this request replaced by its mark: devices repeat what they
  /// were sent.
  public func redact(_ words: String) -> String {
    var texts = headers.map(\.value)
    if let body { texts.append(body) }
    if let signature { texts.append("\(signature.key)") }
    if case .server(_, _, let password?) = transport.proxy { texts.append("\(password)") }
    var result = words
    for spelling in texts.flatMap({ $0.spellings() }) where spelling.text.utf8.count >= 4 {
      result = result.replacing(spelling.text, with: spelling.mark)
    }
    return result
  }
}
