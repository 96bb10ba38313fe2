/// The suffixes under which names are registered: registry suffixes of several labels and shared ones.
///
/// A name's last label is always a suffix. The table is part of the model, so that a score depends on
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
    let isSuffix = kinds.value(key(name, from: 0)) != nil
    var labelStart = 0
    var position = 0
    var best: RegisteredDomain?
    while position < name.count {
      if name[position] == UInt8(ascii: ".") {
        let suffix = (position + 1)..<name.count
        let label = labelStart..<position
        if let kind = kinds.value(key(name, from: position + 1)) {
          return RegisteredDomain(
            label: label, suffix: suffix, kind: SuffixKind(rawValue: Int(kind)) ?? .registry,
            isSharedSuffix: isSuffix)
        }
        best = RegisteredDomain(label: label, suffix: suffix, kind: .registry, isSharedSuffix: isSuffix)
        labelStart = position + 1
      }
      position += 1
    }
    return best
  }

  private func key(_ name: Span<UInt8>, from start: Int) -> UInt64 {
    var key = TableKey.start(.suffix)
    for index in start..<name.count { key = TableKey.extend(key, name[index]) }
    return key
  }
}
