import Glibc
import Language

/// Takes an answer in as libcurl hands it over, line by line and block by block, within the limits.
struct AnswerCollector {
  private(set) var status: Int?
  private(set) var headers = HTTPHeaders()
  private(set) var body: [UInt8] = []
  private(set) var bodyBytes = 0
  /// Why the rest was refused.
  private(set) var refusal: (code: HTTPError.Code, reason: Phrase)?

  private let limits: TransportLimits
  private let destination: HTTPRequest.Destination
  private var headBytes = 0
  private var lines = 0
  private var isHeadComplete = false

  init(limits: TransportLimits, destination: HTTPRequest.Destination) {
    self.limits = limits
    self.destination = destination
  }

  /// One line of a head. An interim answer (1xx) is forgotten when the next status line comes; trailers
  /// are counted and dropped, because they may not be merged into the head (RFC 9110, section 6.5.1).
  /// - Returns: false when the transfer must end.
  mutating func takeLine(_ line: Span<UInt8>) -> Bool {
    headBytes += line.count
    lines += 1
    guard headBytes <= limits.headerBytes, lines <= limits.headerFields + 2 else {
      refusal = (
        .headersTooLarge,
        Phrase(
          en: "limits are \(limits.headerBytes) bytes and \(limits.headerFields) fields",
          ja: "上限は \(limits.headerBytes) バイト、\(limits.headerFields) 個です")
      )
      return false
    }
    var bytes = [UInt8](copying: line)
    while let last = bytes.last, last == 0x0D || last == 0x0A { bytes.removeLast() }
    let text = String(decoding: bytes, as: UTF8.self)
    if !isHeadComplete || isInterim, text.hasPrefix("HTTP/") {
      let words = text.split(separator: " ", omittingEmptySubsequences: true)
      status = words.count > 1 ? Int(words[1]) : nil
      headers = HTTPHeaders()
      isHeadComplete = false
    } else if text.isEmpty {
      isHeadComplete = true
    } else if !isHeadComplete, let colon = text.firstIndex(of: ":") {
      let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      headers.append(
        name: String(text[..<colon]),
        value: String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed()))
    }
    return true
  }

  /// A block of the body, unpacked.
  mutating func takeBlock(_ block: Span<UInt8>) -> Bool {
    let (sum, overflow) = bodyBytes.addingReportingOverflow(block.count)
    guard !overflow, sum <= limits.bodyBytes else {
      refusal = (
        .bodyTooLarge,
        Phrase(en: "the limit is \(limits.bodyBytes) bytes", ja: "上限は \(limits.bodyBytes) バイトです")
      )
      return false
    }
    if case .file(let descriptor) = destination, isSuccess {
      guard write(block, to: descriptor) else {
        let words = String(cString: strerror(errno))
        refusal = (.destinationFailed, Phrase(verbatim: words))
        return false
      }
    } else {
      body += [UInt8](copying: block)
    }
    bodyBytes = sum
    return true
  }

  /// Whether the answer is one: libcurl takes a head that ends in the middle for a whole one. Leaves
  /// nothing of an earlier content in the file when there was no body.
  mutating func finish() -> Bool {
    guard isHeadComplete, !isInterim, status != nil else {
      refusal = (.cut, Phrase(en: "the head is not complete", ja: "ヘッダーが途中で終わっています"))
      return false
    }
    guard case .file(let descriptor) = destination, isSuccess, bodyBytes == 0 else { return true }
    if ftruncate(descriptor, 0) == 0 { return true }
    refusal = (.destinationFailed, Phrase(verbatim: String(cString: strerror(errno))))
    return false
  }

  private var isInterim: Bool { status.map { (100..<200).contains($0) } ?? false }
  private var isSuccess: Bool { status.map { (200..<300).contains($0) } ?? false }

  private func write(_ block: Span<UInt8>, to descriptor: Int32) -> Bool {
    if bodyBytes == 0, ftruncate(descriptor, 0) != 0 { return false }
    return block.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = pwrite(
          descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(bodyBytes + written))
        if count < 0 {
          if errno == EINTR { continue }
          return false
        }
        written += count
      }
      return true
    }
  }
}

extension [UInt8] {
  init(copying span: Span<UInt8>) {
    self = span.withUnsafeBufferPointer { Array($0) }
  }
}
