import Glibc

/// A benchmark that cannot be run as asked.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Words and `--name value` options; `--json` stands alone.
struct Arguments {
  private(set) var words: [String] = []
  private(set) var isJSON = false
  private var options: [String: String] = [:]

  init(_ arguments: some Sequence<String>) {
    var iterator = arguments.makeIterator()
    while let argument = iterator.next() {
      if argument == "--json" {
        isJSON = true
      } else if argument.hasPrefix("--") {
        options[String(argument.dropFirst(2))] = iterator.next() ?? ""
      } else {
        words.append(argument)
      }
    }
  }

  func text(_ name: String, default value: String) -> String { options[name] ?? value }

  func number(_ name: String, default value: Int) throws -> Int {
    guard let text = options[name] else { return value }
    guard let number = Int(text), number > 0 else {
      throw BenchmarkError("--\(name) needs a number above 0, not “\(text)”")
    }
    return number
  }
}

enum StandardError {
  static func write(_ text: String) {
    var bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, &bytes, bytes.count)
  }
}
