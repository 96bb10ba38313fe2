public import NetworkTypes

/// Registered domains that many people use. A guard and never an input of a score: a popular name is not
/// blocked on its score alone.
public struct PopularNames: Sendable {
  private var keys: KeyTable
  public var count: Int { keys.count }

  /// No name is popular.
  public static let none = PopularNames([])

  /// Whether the registered domain of a name, as the model's table of suffixes finds it, is popular.
  public func contains(_ name: DomainName, by model: NameModel) -> Bool {
    model.suffixes.registeredDomain(of: name.text.utf8Span.span).map { contains(name, $0) } ?? false
  }

  public init(_ registered: some Sequence<DomainName>) {
    keys = KeyTable(capacity: 1024)
    for name in registered { _ = keys.insert(TableKey.of(.base, name.text.utf8), 0) }
  }

  /// Whether the registered domain of a name is popular.
  func contains(_ name: DomainName, _ domain: RegisteredDomain) -> Bool {
    keys.value(TableKey.of(.base, name.text.utf8.dropFirst(domain.label.lowerBound))) != nil
  }
}
