import CCurl
import Language

/// Sets an easy handle up, and remembers the first option that was refused. Nothing relies on libcurl's
/// defaults where safety is concerned.
struct EasyOptions {
  let handle: UnsafeMutableRawPointer
  private(set) var failure: String?

  init(handle: UnsafeMutableRawPointer) { self.handle = handle }

  mutating func keep(_ code: CURLcode, _ option: CURLoption) {
    guard code != CURLE_OK, failure == nil else { return }
    let name = curl_easy_option_by_id(option).map { String(cString: $0.pointee.name) } ?? "?"
    failure = "\(name): \(String(cString: curl_easy_strerror(code)))"
  }

  mutating func set(_ option: CURLoption, _ value: Int) {
    keep(sekisho_curl_set_long(handle, option, value), option)
  }

  mutating func setText(_ option: CURLoption, _ value: UnsafePointer<CChar>?) {
    keep(sekisho_curl_set_text(handle, option, value), option)
  }

  private mutating func setSecret(_ option: CURLoption, _ secret: Secret) {
    let code = secret.reveal { bytes in
      let text = bytes.withUnsafeBufferPointer { $0.map { CChar(bitPattern: $0) } } + [0]
      return sekisho_curl_set_text(handle, option, text)
    }
    keep(code, option)
  }

  mutating func setBody(_ bytes: UnsafePointer<CChar>, count: Int) {
    keep(
      sekisho_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(count)),
      CURLOPT_POSTFIELDSIZE_LARGE)
    setText(CURLOPT_POSTFIELDS, bytes)
  }

  /// The fields in order, after those that take libcurl's own away. The list is the caller's to free,
  /// after the handle.
  mutating func fields(of request: HTTPRequest) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    func isSet(_ name: String) -> Bool { request.headers.contains { HTTPHeaders.isSame($0.name, name) } }
    var lines = request.message.fields.map { $0.revealed() }
    // libcurl (7.88) signs a field that is taken away as if it were sent. A signed request has none of
    // these: `check` sees to it.
    if request.signature == nil {
      lines.append(Array("Expect:".utf8))
      if !isSet("Content-Type") { lines.append(Array("Content-Type:".utf8)) }
    }
    for line in lines {
      guard let longer = curl_slist_append(list, line.map { CChar(bitPattern: $0) } + [0]) else {
        keep(CURLE_OUT_OF_MEMORY, CURLOPT_HTTPHEADER)
        return list
      }
      list = longer
    }
    keep(sekisho_curl_set_lines(handle, CURLOPT_HTTPHEADER, list), CURLOPT_HTTPHEADER)
    // To the server and never to a proxy.
    set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
    return list
  }

  mutating func apply(_ request: HTTPRequest, total: Duration) {
    set(CURLOPT_NOSIGNAL, 1)
    // One name that does not resolve must not hold up the thread when its transfer ends.
    set(CURLOPT_QUICK_EXIT, 1)
    setText(CURLOPT_URL, request.url.description)
    set(CURLOPT_PATH_AS_IS, 1)
    let protocols = request.transport.permitsPlainText ? "http,https" : "https"
    setText(CURLOPT_PROTOCOLS_STR, protocols)
    setText(CURLOPT_REDIR_PROTOCOLS_STR, "https")
    set(CURLOPT_FOLLOWLOCATION, 0)
    // Previews are HTTP/1.1, letter by letter.
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_HTTP09_ALLOWED, 0)
    applyMethod(request)
    applyLimits(request, total: total)
    apply(request.transport.tls)
    apply(request.transport.proxy)
    if let signature = request.signature {
      setText(CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
      setText(CURLOPT_USERNAME, signature.keyIdentifier)
      setSecret(CURLOPT_PASSWORD, signature.key)
    }
    if request.acceptsGzip { setText(CURLOPT_ACCEPT_ENCODING, "gzip") }
  }

  private mutating func applyMethod(_ request: HTTPRequest) {
    switch request.method {
    case .get: set(CURLOPT_HTTPGET, 1)
    case .head: set(CURLOPT_NOBODY, 1)
    case .post, .put, .patch, .delete: setText(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }
  }

  private mutating func applyLimits(_ request: HTTPRequest, total: Duration) {
    let limits = request.transport.limits
    // 0 would mean no limit.
    set(CURLOPT_TIMEOUT_MS, max(1, Self.milliseconds(total)))
    set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Self.milliseconds(limits.connect)))
    // A device may think for minutes; the way to it must not forget the connection.
    set(CURLOPT_TCP_KEEPALIVE, 1)
    // Most servers close idle connections after a minute or more. One that is closed while our request is
    // under way leaves it unknown, so old ones are not used again.
    set(CURLOPT_MAXAGE_CONN, 30)
    set(CURLOPT_CA_CACHE_TIMEOUT, 60)
  }

  private mutating func apply(_ tls: TLSSettings) {
    for option in [CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER] { set(option, 1) }
    for option in [CURLOPT_SSL_VERIFYHOST, CURLOPT_PROXY_SSL_VERIFYHOST] { set(option, 2) }
    for option in [CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION] {
      set(option, Int(CURL_SSLVERSION_TLSv1_2))
    }
    if let file = tls.authorityFile {
      setText(CURLOPT_CAINFO, file)
      // Else the system's authorities would be trusted as well.
      setText(CURLOPT_CAPATH, nil)
    }
    if !tls.pins.isEmpty {
      setText(CURLOPT_PINNEDPUBLICKEY, tls.pins.map(\.description).joined(separator: ";"))
    }
    if let certificate = tls.clientCertificate {
      setText(CURLOPT_SSLCERT, certificate.certificateFile)
      let code = certificate.key.reveal { bytes in
        bytes.withUnsafeBytes { sekisho_curl_set_blob(handle, CURLOPT_SSLKEY_BLOB, $0.baseAddress, $0.count) }
      }
      keep(code, CURLOPT_SSLKEY_BLOB)
      if let passphrase = certificate.passphrase { setSecret(CURLOPT_KEYPASSWD, passphrase) }
    }
  }

  private mutating func apply(_ proxy: ProxySettings) {
    set(CURLOPT_HTTPPROXYTUNNEL, 1)
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    switch proxy {
    case .none:
      // Empty: not even the environment's.
      setText(CURLOPT_PROXY, "")
    case .environment:
      setText(CURLOPT_PROXY, nil)
    case .server(let url, let user, let password):
      setText(CURLOPT_PROXY, url.origin)
      set(CURLOPT_PROXYPORT, Int(url.port))
      // The environment's list of exceptions is not asked either.
      setText(CURLOPT_NOPROXY, "")
      set(CURLOPT_PROXYAUTH, 1)
      if !user.isEmpty { setText(CURLOPT_PROXYUSERNAME, user) }
      if let password { setSecret(CURLOPT_PROXYPASSWORD, password) }
    }
  }

  static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    // A week is beyond every use, and keeps the product in range.
    return Int(min(max(seconds, 0), 604_800)) * 1000 + Int(max(attoseconds, 0) / 1_000_000_000_000_000)
  }
}
