/// A complete answer: the last byte that the server announced has arrived.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: HTTPHeaders
  /// Unpacked when the request accepts gzip. Empty when it went to a file.
  public var body: [UInt8]
  /// Bytes of the body, wherever it went.
  public var bodyBytes: Int
  /// Who answered: differs from the request's after redirects.
  public var url: HTTPURL
  /// Connections that had to be opened for it; 0 when one was reused.
  public var openedConnections: Int
  /// True when an earlier attempt of the same request ended unknown: it may have been applied before
  /// this answer was made.
  public var followsUnknown: Bool

  public init(
    status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], bodyBytes: Int? = nil,
    url: HTTPURL, openedConnections: Int = 0, followsUnknown: Bool = false
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.bodyBytes = bodyBytes ?? body.count
    self.url = url
    self.openedConnections = openedConnections
    self.followsUnknown = followsUnknown
  }

  public var isSuccess: Bool { (200..<300).contains(status) }

  /// The body as text; bytes that are not UTF-8 appear as U+FFFD.
  public var text: String { String(decoding: body, as: UTF8.self) }
}
