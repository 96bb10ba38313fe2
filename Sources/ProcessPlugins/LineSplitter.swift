/// Cuts a stream of bytes into lines, of bounded length.
struct LineSplitter {
  private var pending: [UInt8] = []
  /// Where the search for the end of a line goes on.
  private var searched = 0
  let longest: Int

  init(longest: Int) { self.longest = longest }

  /// Bytes of a line that has not ended yet.
  var rest: [UInt8] { pending }
  /// Whether that line is too long already.
  var isOverlong: Bool { pending.count > longest }

  /// The lines that end in these bytes, their ends taken off. What is longer than permitted stays pending
  /// and makes `isOverlong` true.
  mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    pending.append(contentsOf: bytes)
    var lines: [[UInt8]] = []
    var start = 0
    var index = searched
    while index < pending.count {
      if pending[index] == 0x0A {
        guard index - start <= longest else { break }
        lines.append(Array(pending[start..<index]))
        start = index + 1
      }
      index += 1
    }
    pending.removeFirst(start)
    searched = min(index - start, pending.count)
    return lines
  }

  /// Drops what is pending, as the head of a line that is too long.
  mutating func drop() {
    pending = []
    searched = 0
  }
}
