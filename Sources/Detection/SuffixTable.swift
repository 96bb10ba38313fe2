/// The suffixes under which names are registered: registry suffixes of several labels and shared ones.
///
/// A text that begins with `*.` stands for every label before the rest, one that begins with `!` is an
/// exception from that (the algorithm of publicsuffix.org). A name's last label is always a suffix. The table is part of the model, so that a score depends on
/// nothing but the name and the model file.
package struct SuffixTable: Hashable, Sendable {
  private var kinds = KeyTable(capacity: 1024)

  package init() {}

  /// The first entry for a text counts.
  package mutating func insert(_ text: String, _ kind: SuffixKind) -> Bool {
    kinds.insert(TableKey.of(.suffix, text.utf8), UInt64(kind.rawValue))
  }

  /// The registered domain of a name of lower-case A-labels; `nil` for a single label.
  ///
  /// The longest suffix in the table wins. A name that is itself a suffix is taken as a registered
  /// domain under the next shorter one, and marked.
  package func registeredDomain(of name: Span<UInt8>) -> RegisteredDomain? {
    let isSuffix = kind(name, from: 0) != nil
    var labelStart = 0
    var position = 0
    var best: RegisteredDomain?
    while position < name.count {
      if name[position] == UInt8(ascii: ".") {
        let suffix = (position + 1)..<name.count
        let label = labelStart..<position
        if let kind = kind(name, from: position + 1) ?? exception(name, from: labelStart) {
          return RegisteredDomain(label: label, suffix: suffix, kind: kind, isSharedSuffix: isSuffix)
        }
        best = RegisteredDomain(label: label, suffix: suffix, kind: .registry, isSharedSuffix: isSuffix)
        labelStart = position + 1
      }
      position += 1
    }
    return best
  }

  /// The kind of the suffix that begins at `start`; `nil` when none does.
  private func kind(_ name: Span<UInt8>, from start: Int) -> SuffixKind? {
    if let kind = kinds.value(key(name, from: start)) {
      return SuffixKind(rawValue: Int(kind)) ?? .registry
    }
    var rest = start
    while rest < name.count, name[rest] != UInt8(ascii: ".") { rest += 1 }
    guard rest < name.count, let kind = kinds.value(key(name, from: rest, after: Self.anyLabel)),
      exception(name, from: start) == nil
    else { return nil }
    return SuffixKind(rawValue: Int(kind)) ?? .registry
  }

  /// The kind of the suffix behind the label at `start`, where that is registered against a rule for every
  /// label.
  private func exception(_ name: Span<UInt8>, from start: Int) -> SuffixKind? {
    kinds.value(key(name, from: start, after: Self.exceptionMark)).map {
      SuffixKind(rawValue: Int($0)) ?? .registry
    }
  }

  private static let anyLabel = UInt8(ascii: "*")
  private static let exceptionMark = UInt8(ascii: "!")

  private func key(_ name: Span<UInt8>, from start: Int, after mark: UInt8? = nil) -> UInt64 {
    var key = TableKey.start(.suffix)
    if let mark { key = TableKey.extend(key, mark) }
    for index in start..<name.count { key = TableKey.extend(key, name[index]) }
    return key
  }
}
