import Language

/// The head of a request as it goes over the wire, in the order in which libcurl writes what it is given.
struct RequestMessage {
  /// Begins with the request line; the field of a signature's date stands where libcurl puts it.
  let head: [SensitiveText]
  /// Of `head`, what libcurl is handed as fields.
  let fields: [SensitiveText]

  init(_ request: HTTPRequest) {
    let url = request.url
    func isSet(_ name: String) -> Bool { request.headers.contains { HTTPHeaders.isSame($0.name, name) } }
    var fields: [SensitiveText] = []
    if !isSet("User-Agent") { fields.append("User-Agent: sekisho") }
    if !isSet("Accept") { fields.append("Accept: */*") }
    if !isSet("Accept-Encoding"), request.acceptsGzip { fields.append("Accept-Encoding: gzip") }
    fields += request.headers.map { "\($0.name): \($0.value)" }
    if let body = request.body {
      let length = String(body.byteCount)
      // The length of the body would tell the length of the secret in it.
      let shown: SensitiveText =
        body.holdsSecret ? "\(Secret(name: "length", value: length))" : SensitiveText(length)
      fields.append("Content-Length: \(shown)")
    }
    let host = SensitiveText("Host: \(url.authority)")
    self.fields = [host] + fields
    var head: [SensitiveText] = ["\(request.method.rawValue) \(url.target) HTTP/1.1", host]
    if let signature = request.signature {
      head.append("Authorization: AWS4-HMAC-SHA256 ‹signature with \(signature.key)›")
      head.append("X-Amz-Date: ‹time of sending›")
    }
    self.head = head + fields
  }

  /// The bytes of the whole message with secrets in them. Only for requests without a signature.
  func revealed(with body: SensitiveText?) -> [UInt8] {
    head.flatMap { $0.revealed() + [0x0D, 0x0A] } + [0x0D, 0x0A] + (body?.revealed() ?? [])
  }
}

extension HTTPRequest {
  var message: RequestMessage { RequestMessage(self) }

  /// Fields that frame the message or rule the connection: libcurl and this room set them, or nobody.
  private static let reserved: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
    "trailer", "upgrade", "expect", "proxy-authorization",
  ]

  /// From one more byte on, libcurl asks before it sends (`Expect: 100-continue`).
  private static let longestSignedBody = 1 << 20

  /// Finds what must not be sent; a secret is never part of the answer.
  func check() throws(HTTPError) {
    func refuse(_ code: HTTPError.Code, _ reason: Phrase) -> HTTPError {
      HTTPError(code: code, fate: .notSent, request: self, reason: reason)
    }
    if url.scheme == .http, !transport.permitsPlainText {
      throw refuse(.plainTextRefused, Phrase(en: "", ja: ""))
    }
    for field in headers {
      let name = field.name
      let isToken =
        !name.isEmpty
        && name.utf8.allSatisfy {
          PercentEncoding.isUnreserved($0) || "!#$%&'*+^`|".utf8.contains($0)
        }
      guard isToken, !Self.reserved.contains(name.lowercased()) else {
        throw refuse(
          .invalidRequest,
          Phrase(en: "the field “\(name)” cannot be set", ja: "ヘッダー「\(name)」は指定できません"))
      }
      let value = field.value.revealed()
      guard !value.isEmpty, !value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }),
        value.first != 0x20, value.last != 0x20
      else {
        throw refuse(
          .invalidRequest,
          Phrase(
            en: "the value of “\(name)” is empty, has a control character, or begins or ends with a space",
            ja: "ヘッダー「\(name)」の値が空か、制御文字や前後の空白を含んでいます"))
      }
    }
    if signature != nil {
      func isSet(_ name: String) -> Bool { headers.contains { HTTPHeaders.isSame($0.name, name) } }
      guard !isSet("Authorization"), !isSet("X-Amz-Date") else {
        throw refuse(
          .invalidRequest,
          Phrase(
            en: "it has a signature and a field that the signature sets",
            ja: "署名と、署名が設定するヘッダーは併用できません"))
      }
      // Otherwise libcurl would add fields (`Content-Type`, `Expect`) that cannot be taken away here.
      guard body.map({ $0.byteCount <= Self.longestSignedBody && isSet("Content-Type") }) ?? true else {
        throw refuse(
          .invalidRequest,
          Phrase(
            en: "a signed body needs a Content-Type and at most \(Self.longestSignedBody) bytes",
            ja: "署名付きの本文には Content-Type が必要で、上限は \(Self.longestSignedBody) バイトです"))
      }
    }
    if maximumRedirects > 0, method != .get, method != .head {
      throw refuse(
        .invalidRequest,
        Phrase(en: "redirects are followed for GET and HEAD only", ja: "リダイレクトを追えるのは GET と HEAD だけです"))
    }
    if body != nil, method == .get || method == .head {
      throw refuse(
        .invalidRequest, Phrase(en: "GET and HEAD have no body", ja: "GET と HEAD に本文は付けられません"))
    }
  }
}
