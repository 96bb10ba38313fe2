import Reputation

extension FeedCollector {
  /// Calls `body` with each line that has content, without blanks at its ends; a line that is too long is
  /// a problem. `line` stands at the line meanwhile.
  mutating func eachLine(
    of bytes: Span<UInt8>, limit: Int, _ body: (inout FeedCollector, Span<UInt8>) -> Void
  ) {
    var lines = LineCursor()
    while !isFull, let range = lines.advance(in: bytes) {
      line = lines.number
      let content = LineCursor.trimmed(range, in: bytes)
      guard !content.isEmpty else { continue }
      guard content.count <= limit else {
        report(.lineTooLong, bytes.extracting(content))
        continue
      }
      body(&self, bytes.extracting(content))
    }
  }
}

extension Span<UInt8> {
  func starts(with text: String) -> Bool {
    text.utf8.count <= count && zip(indices, text.utf8).allSatisfy { self[$0] == $1 }
  }

  /// The bytes as text; what is no UTF-8 is replaced.
  var text: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for index in indices { bytes.append(self[index]) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
