/// How a target lies to the entries of a list.
enum Relation<Entry> {
  /// It shares nothing with any of them.
  case apart
  /// It is an entry or lies wholly inside one.
  case inside(Entry)
  /// It contains an entry and more besides.
  case covers(Entry)

  func map<Other>(_ transform: (Entry) -> Other) -> Relation<Other> {
    switch self {
    case .apart: .apart
    case .inside(let entry): .inside(transform(entry))
    case .covers(let entry): .covers(transform(entry))
    }
  }
}
