public import NetworkTypes

/// A name's score taken apart: each table's value, and for character sequences each sequence's.
public struct NameExplanation: Hashable, Sendable {
  /// An entry of a table that counts for the name.
  public struct Entry: Hashable, Sendable {
    /// The entry's text, or the row's number.
    public let text: String
    /// In hundredths of points.
    public let value: Int
  }

  /// One summand: a table.
  public struct Term: Hashable, Sendable {
    public let table: NameTerm
    /// In hundredths of points: the sum of the entries, for character sequences shortened by length.
    public let value: Int
    /// The entries that count, in the order of the name.
    public let entries: [Entry]
  }

  public let name: String
  /// The registered domain that was scored.
  public let registered: String
  public let score: NameScore
  public let head: NameHead
  /// In the order of `NameTerm`, which is the order of the sum. Their values add up to `sum`.
  public let terms: [Term]

  /// In hundredths of points.
  public var sum: Int { terms.reduce(0) { $0 + $1.value } }
}

extension NameModel {
  /// The score of a name taken apart, for the head that decides or a given one; `nil` for a single label.
  public func explanation(of name: DomainName, head: NameHead? = nil) -> NameExplanation? {
    let bytes = Array(name.text.utf8)
    guard let score = score(bytes.span) else { return nil }
    let head = head ?? score.head
    var collector = NameEntries(model: self, head: head)
    NameFeatures.visit(
      bytes.span, score.domain, costs: characters.costs(of: bytes.span, score.domain.label),
      unfamiliar: familiar.unfamiliar(of: bytes.span, score.domain.label), words: words, into: &collector)
    let terms = NameTerm.allCases.map { table in
      let entries = collector.found.filter { $0.table == table }.map { found in
        NameExplanation.Entry(
          text: found.text.map { NameFeatures.text($0, bytes.span, score.domain) } ?? table.row(found.bin),
          value: found.value)
      }
      let sum = entries.reduce(0) { $0 + $1.value }
      let divisor = max(Self.fullLength, score.domain.label.count)
      return NameExplanation.Term(
        table: table, value: table == .ngrams ? sum * Self.fullLength / divisor : sum, entries: entries)
    }
    let start = score.domain.label.lowerBound
    return NameExplanation(
      name: name.text, registered: String(decoding: bytes[start...], as: UTF8.self), score: score, head: head,
      terms: terms)
  }
}

private struct NameEntries: NameFeatureVisitor {
  struct Found {
    var table: NameTerm
    var text: NameFeatureText?
    var bin: Int
    var value: Int
  }

  let model: NameModel
  let head: NameHead
  var found: [Found] = []

  init(model: NameModel, head: NameHead) {
    self.model = model
    self.head = head
  }

  mutating func visit(_ term: NameTerm, bin: Int) {
    let value = model.numbers[NameModel.offsets[term.rawValue] + bin * 2 + (head == .naming ? 0 : 1)]
    found.append(Found(table: term, text: nil, bin: bin, value: Int(value)))
  }

  mutating func visit(_ term: NameTerm, key: UInt64, text: NameFeatureText) {
    guard let packed = model.texts.value(key) else { return }
    let pair = ValuePair(packed)
    let value = head == .naming ? pair.naming : pair.generated
    if value != 0 { found.append(Found(table: term, text: text, bin: 0, value: value)) }
  }
}
