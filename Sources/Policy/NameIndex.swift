import NetworkTypes

/// Domain names ordered so that a question costs one look-up a label, however many names there are.
struct NameIndex: Sendable {
  private let names: Set<DomainName>
  /// For every name above a listed one: the first listed name below it.
  private let below: [DomainName: DomainName]

  init(_ listed: some Sequence<DomainName>) {
    let sorted = listed.sorted()
    names = Set(sorted)
    var below: [DomainName: DomainName] = [:]
    for name in sorted {
      var ancestor = name.parent
      while let current = ancestor {
        if below[current] == nil { below[current] = name }
        ancestor = current.parent
      }
    }
    self.below = below
  }

  func relation(to target: DomainName) -> Relation<DomainName> {
    if names.isEmpty { return .apart }
    var ancestor: DomainName? = target
    while let current = ancestor {
      if names.contains(current) { return .inside(current) }
      ancestor = current.parent
    }
    return below[target].map { .covers($0) } ?? .apart
  }
}
