import CCurl
import Glibc
import Language

/// One message and its answer on an easy handle. Lives on the loop's thread and is known to libcurl by
/// its address, so it must outlive the handle's stay in the multi handle.
final class Transfer {
  let id: UInt64
  let handle: UnsafeMutableRawPointer
  private let request: HTTPRequest
  private let finish: @Sendable (Result<Answer, HTTPError>) -> Void

  private var collector: AnswerCollector
  private var lines: UnsafeMutablePointer<curl_slist>?
  private let body: UnsafeMutableBufferPointer<CChar>
  private let words: UnsafeMutablePointer<CChar>
  private var chances = 0
  private var refusedToRepeat = false

  /// The end of the whole exchange. libcurl watches it too, but not while a transfer waits for a free
  /// connection.
  let deadline: ContinuousClock.Instant
  private var watchStart: ContinuousClock.Instant
  private var watchedBytes = 0

  /// An answer and where it redirects to.
  struct Answer: Sendable {
    var response: HTTPResponse
    var redirect: String?
  }

  /// - Parameter total: what is left of the time of the whole exchange.
  init(
    id: UInt64, request: HTTPRequest, total: Duration,
    finish: @escaping @Sendable (Result<Answer, HTTPError>) -> Void
  ) throws(HTTPError) {
    guard let handle = curl_easy_init() else {
      throw HTTPError(
        code: .other, fate: .notSent, request: request, reason: Phrase(verbatim: "curl_easy_init"))
    }
    self.id = id
    self.handle = handle
    self.request = request
    self.finish = finish
    collector = AnswerCollector(limits: request.transport.limits, destination: request.destination)
    watchStart = .now
    deadline = .now + total
    words = .allocate(capacity: Int(CURL_ERROR_SIZE))
    words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let bytes = request.body?.revealed() ?? []
    // One more, so that an empty body has an address: libcurl takes none as no body.
    body = .allocate(capacity: bytes.count + 1)
    body.initialize(repeating: 0)
    UnsafeMutableRawBufferPointer(body).copyBytes(from: bytes)

    var options = EasyOptions(handle: handle)
    options.apply(request, total: total)
    if request.body != nil { options.setBody(body.baseAddress!, count: bytes.count) }
    lines = options.fields(of: request)
    options.setText(CURLOPT_ERRORBUFFER, words)
    let context = Unmanaged.passUnretained(self).toOpaque()
    options.keep(
      sekisho_curl_set_receivers(handle, Transfer.takeLine, Transfer.takeBlock, context),
      CURLOPT_WRITEFUNCTION)
    options.keep(sekisho_curl_set_gate(handle, Transfer.gate, context), CURLOPT_PREREQFUNCTION)
    if let failure = options.failure {
      throw HTTPError(
        code: .invalidRequest, fate: .notSent, request: request, reason: Phrase(verbatim: failure))
    }
  }

  deinit {
    curl_easy_cleanup(handle)
    curl_slist_free_all(lines)
    explicit_bzero(body.baseAddress!, body.count)
    body.deallocate()
    words.deallocate()
  }

  // MARK: - Called by libcurl

  private static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
  }

  private static func span(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8>
  {
    let raw = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
    return raw.bindMemory(to: UInt8.self)
  }

  private static let takeLine: sekisho_curl_receiver = { bytes, size, count, context in
    let line = span(bytes, size * count)
    return transfer(context).collector.takeLine(Span(_unsafeElements: line)) ? size * count : 0
  }

  private static let takeBlock: sekisho_curl_receiver = { bytes, size, count, context in
    let block = span(bytes, size * count)
    // Anything but the count ends the transfer; 0 would not do for an empty block.
    return transfer(context).collector.takeBlock(Span(_unsafeElements: block))
      ? size * count : size * count + 1
  }

  /// Called whenever a connection is ready to take the request. A second time means that libcurl found
  /// a reused connection dead and wants to send everything again: the first may have been applied, so
  /// that is the caller's decision.
  private static let gate: curl_prereq_callback = { context, _, _, _, _ in
    let transfer = transfer(context)
    if transfer.chances > 0, !transfer.request.retry.isRepeatable {
      transfer.refusedToRepeat = true
      return CURL_PREREQFUNC_ABORT
    }
    transfer.chances += 1
    return CURL_PREREQFUNC_OK
  }

  // MARK: - Ends

  /// libcurl says that it is done.
  func end(_ result: CURLcode) {
    if result == CURLE_OK, collector.finish(), let status = collector.status {
      let response = HTTPResponse(
        status: status, headers: collector.headers, body: collector.body, bodyBytes: collector.bodyBytes,
        url: request.url, openedConnections: sekisho_curl_long(handle, CURLINFO_NUM_CONNECTS))
      let redirect = sekisho_curl_text(handle, CURLINFO_REDIRECT_URL).map { String(cString: $0) }
      finish(.success(Answer(response: response, redirect: redirect)))
      return
    }
    let outcome = outcome(result)
    if let refusal = collector.refusal {
      fail(refusal.code, outcome.fate, refusal.reason)
    } else {
      let code = result == CURLE_OK ? .malformed : outcome.code
      fail(code, outcome.fate, Phrase(verbatim: outcome.words))
    }
  }

  /// We end it.
  func end(_ code: HTTPError.Code, _ reason: Phrase = Phrase(en: "", ja: "")) {
    fail(code, outcome(CURLE_ABORTED_BY_CALLBACK).fate, reason)
  }

  private func fail(_ code: HTTPError.Code, _ fate: HTTPError.Fate, _ reason: Phrase) {
    finish(
      .failure(
        HTTPError(code: code, fate: fate, request: request, status: collector.status, reason: reason)))
  }

  private func outcome(_ result: CURLcode) -> TransferOutcome {
    let text = String(cString: words)
    return TransferOutcome(
      result: result, verification: sekisho_curl_long(handle, CURLINFO_SSL_VERIFYRESULT),
      words: text.isEmpty ? String(cString: curl_easy_strerror(result)) : text, chances: chances,
      bytesSent: sekisho_curl_long(handle, CURLINFO_REQUEST_SIZE), status: collector.status,
      refusedToRepeat: refusedToRepeat)
  }

  // MARK: - Stalls

  /// Whether bytes were due in the last `stall` and too few moved. libcurl's own watch counts whole
  /// seconds, and also while the device has everything and thinks.
  func isStalled(at now: ContinuousClock.Instant) -> Bool {
    let limits = request.transport.limits
    let sent = sekisho_curl_offset(handle, CURLINFO_SIZE_UPLOAD_T)
    let received =
      sekisho_curl_offset(handle, CURLINFO_SIZE_DOWNLOAD_T)
      + sekisho_curl_long(handle, CURLINFO_HEADER_SIZE)
    let isSending = chances > 0 && sent < body.count - 1
    let isReceiving = sekisho_curl_offset(handle, CURLINFO_STARTTRANSFER_TIME_T) > 0
    let bytes = sent + received
    guard isSending || isReceiving else {
      watchStart = now
      watchedBytes = bytes
      return false
    }
    guard now - watchStart >= limits.stall else { return false }
    if bytes - watchedBytes < limits.stallBytes { return true }
    watchStart = now
    watchedBytes = bytes
    return false
  }
}
