/// A value of D-Bus as `busctl --json=short` prints it, variants without their type.
enum BusValue: Decodable, Equatable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([BusValue])
  case table([String: BusValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // Text first: an answer may hold a hundred thousand of them.
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([BusValue].self) {
      self = .list(list)
    } else if let table = try? container.decode([String: BusValue].self) {
      if table.count == 2, table["type"]?.string != nil, let value = table["data"] {
        self = value
      } else {
        self = .table(table)
      }
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else {
      self = .number(try container.decode(Int.self))
    }
  }

  var string: String? { if case .text(let text) = self { text } else { nil } }
  var elements: [BusValue]? { if case .list(let list) = self { list } else { nil } }
  var strings: [String]? {
    guard let elements else { return nil }
    let strings = elements.compactMap(\.string)
    return strings.count == elements.count ? strings : nil
  }
  var members: [String: BusValue]? { if case .table(let table) = self { table } else { nil } }

  var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .number: false
    case .flag(let flag): !flag
    case .list(let list): list.isEmpty
    case .table(let table): table.isEmpty
    }
  }

  /// The same for lists that differ only in their order.
  var text: String {
    switch self {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .list(let list): list.map(\.text).sorted().joined(separator: " | ")
    case .table(let table):
      table.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ")
    }
  }

  /// As `busctl` takes a variant: its type, then its words. Lists are of text.
  var arguments: [String] {
    switch self {
    case .text(let text): ["s", text]
    case .number(let number): ["i", "\(number)"]
    case .flag(let flag): ["b", "\(flag)"]
    case .list(let list): ["as", "\(list.count)"] + list.compactMap(\.string)
    case .table: []
    }
  }
}
