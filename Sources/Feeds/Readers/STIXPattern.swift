import NetworkTypes
import Reputation

/// What a STIX pattern (STIX 2.1 section 9) says is bad, when all of it can be said by indicators.
///
/// Understood are `=`, `IN` and `ISSUBSET` over addresses, names, URLs and the destination of network
/// traffic, joined by `OR`; and a destination with its port, joined by `AND`. Everything else makes the
/// pattern `nil` as a whole: half a pattern matches more than its author meant.
struct STIXPattern {
  enum Value: Hashable {
    case address(String)
    case name(String)
    case url(String)
    case endpoint(String, port: UInt16)
  }

  let values: [Value]

  static let maximumBytes = 64 << 10
  static let maximumValues = 4096

  init?(_ text: String) {
    guard text.utf8.count <= Self.maximumBytes, let tokens = Self.tokens(of: text) else { return nil }
    var parser = Parser(tokens: tokens)
    guard let values = parser.pattern(depth: 0), parser.isAtEnd, !values.isEmpty,
      values.count <= Self.maximumValues
    else { return nil }
    self.values = values
  }

  private enum Token: Equatable {
    /// A path, a keyword, a number.
    case word(String)
    case text(String)
    case mark(Character)
  }

  private static func tokens(of text: String) -> [Token]? {
    var tokens: [Token] = []
    let characters = Array(text.unicodeScalars)
    var index = 0
    while index < characters.count {
      let character = characters[index]
      switch character {
      case " ", "\t", "\n", "\r":
        index += 1
      case "[", "]", "(", ")", ",", "=":
        tokens.append(.mark(Character(character)))
        index += 1
      case "'":
        index += 1
        var content = ""
        var isClosed = false
        while index < characters.count, !isClosed {
          if characters[index] == "\\" {
            guard index + 1 < characters.count, ["'", "\\"].contains(characters[index + 1]) else {
              return nil
            }
            content.unicodeScalars.append(characters[index + 1])
            index += 2
          } else {
            isClosed = characters[index] == "'"
            if !isClosed { content.unicodeScalars.append(characters[index]) }
            index += 1
          }
        }
        guard isClosed else { return nil }
        tokens.append(.text(content))
      default:
        let start = index
        while index < characters.count, isOfWord(characters[index]) { index += 1 }
        guard index > start else { return nil }
        var word = ""
        word.unicodeScalars.append(contentsOf: characters[start..<index])
        tokens.append(.word(word))
      }
    }
    return tokens
  }

  private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.isASCII else { return false }
    return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
      || "-_:.".unicodeScalars.contains(scalar)
  }

  private struct Parser {
    let tokens: [Token]
    private var position = 0

    init(tokens: [Token]) { self.tokens = tokens }

    var isAtEnd: Bool { position == tokens.count }

    private static let maximumDepth = 16

    private mutating func take(_ token: Token) -> Bool {
      guard position < tokens.count, tokens[position] == token else { return false }
      position += 1
      return true
    }

    private mutating func takeWord() -> String? {
      guard position < tokens.count, case .word(let word) = tokens[position] else { return nil }
      position += 1
      return word
    }

    private mutating func takeText() -> String? {
      guard position < tokens.count, case .text(let text) = tokens[position] else { return nil }
      position += 1
      return text
    }

    /// Observations joined by OR.
    mutating func pattern(depth: Int) -> [Value]? {
      guard depth < Self.maximumDepth else { return nil }
      var values: [Value] = []
      repeat {
        if take(.mark("(")) {
          guard let inner = pattern(depth: depth + 1), take(.mark(")")) else { return nil }
          values += inner
        } else {
          guard take(.mark("[")), let inner = comparisons(depth: depth + 1), take(.mark("]")) else {
            return nil
          }
          values += inner
        }
      } while take(.word("OR"))
      return values
    }

    /// Comparisons joined by OR; in each place a destination with its port can stand.
    private mutating func comparisons(depth: Int) -> [Value]? {
      guard depth < Self.maximumDepth else { return nil }
      var values: [Value] = []
      repeat {
        if take(.mark("(")) {
          guard let inner = comparisons(depth: depth + 1), take(.mark(")")) else { return nil }
          values += inner
        } else {
          guard let inner = conjunction() else { return nil }
          values += inner
        }
      } while take(.word("OR"))
      return values
    }

    private mutating func conjunction() -> [Value]? {
      guard let first = comparison() else { return nil }
      guard take(.word("AND")) else {
        if case .values(let values) = first { return values }
        return nil
      }
      var parts = [first]
      repeat {
        guard let next = comparison(), parts.count < 4 else { return nil }
        parts.append(next)
      } while take(.word("AND"))
      var destination: String?
      var port: UInt16?
      var family: String?
      for part in parts {
        switch part {
        case .destination(let address) where destination == nil: destination = address
        case .port(let number) where port == nil: port = number
        case .family(let word) where family == nil: family = word
        default: return nil
        }
      }
      guard let destination, let address = IPAddress(destination) else { return nil }
      if let family, family != (address.isIPv4 ? "ipv4-addr" : "ipv6-addr") { return nil }
      return [port.map { .endpoint(destination, port: $0) } ?? .address(destination)]
    }

    private enum Comparison {
      case values([Value])
      case destination(String)
      case port(UInt16)
      case family(String)
    }

    private mutating func comparison() -> Comparison? {
      guard let path = takeWord() else { return nil }
      let make: (String) -> Value
      switch path {
      case "ipv4-addr:value", "ipv6-addr:value": make = { .address($0) }
      case "domain-name:value": make = { .name($0) }
      case "url:value": make = { .url($0) }
      case "network-traffic:dst_ref.value": make = { IPPrefix($0) == nil ? .name($0) : .address($0) }
      case "network-traffic:dst_port":
        guard take(.mark("=")), let word = takeWord(), let port = UInt16(word), port > 0 else { return nil }
        return .port(port)
      case "network-traffic:dst_ref.type":
        guard take(.mark("=")), let text = takeText() else { return nil }
        return .family(text)
      default: return nil
      }
      let isAddress = path.hasPrefix("ipv")
      if take(.mark("=")) {
        guard let text = takeText() else { return nil }
        if path == "network-traffic:dst_ref.value", IPAddress(text) != nil, isInConjunction {
          return .destination(text)
        }
        return .values([make(text)])
      }
      if take(.word("IN")) {
        guard take(.mark("(")) else { return nil }
        var values: [Value] = []
        repeat {
          guard let text = takeText() else { return nil }
          values.append(make(text))
        } while take(.mark(","))
        return take(.mark(")")) ? .values(values) : nil
      }
      if take(.word("ISSUBSET")), isAddress || path.hasPrefix("network-traffic") {
        guard let text = takeText(), IPPrefix(text) != nil else { return nil }
        return .values([.address(text)])
      }
      return nil
    }

    /// Whether AND stands on either side of the comparison just read.
    private var isInConjunction: Bool {
      if position < tokens.count, tokens[position] == .word("AND") { return true }
      // path = 'text': the word before them.
      return position >= 4 && tokens[position - 4] == .word("AND")
    }
  }
}
