public import NetworkTypes

/// Targets that are never blocked: addresses, prefixes and names.
public struct AllowList: Sendable, ExpressibleByArrayLiteral {
  public let entries: [BlockTarget]
  let prefixes: PrefixIndex
  private let names: NameIndex

  /// The entries in any order; repeated ones count once.
  public init(_ entries: some Sequence<BlockTarget>) {
    self.entries = Array(entries)
    prefixes = PrefixIndex(
      self.entries.compactMap { if case .prefix(let prefix) = $0 { prefix } else { nil } })
    names = NameIndex(self.entries.compactMap { if case .name(let name) = $0 { name } else { nil } })
  }

  public init(arrayLiteral entries: BlockTarget...) { self.init(entries) }

  func relation(to target: BlockTarget) -> Relation<BlockTarget> {
    switch target {
    case .prefix(let prefix): prefixes.relation(to: prefix).map { .prefix($0) }
    case .name(let name): names.relation(to: name).map { .name($0) }
    }
  }
}
