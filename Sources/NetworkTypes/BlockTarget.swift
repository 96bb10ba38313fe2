/// What a block stops: an address range or a name.
public enum BlockTarget: Hashable, Sendable {
  /// All addresses of a prefix; a single address is its longest prefix.
  case prefix(IPPrefix)
  /// A domain name and everything under it. Few adapters can; their capabilities say so.
  case name(DomainName)

  /// Without a word for the case: an address and a name never feed the same bytes.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .prefix(let prefix): prefix.hash(into: &hasher)
    case .name(let name): name.hash(into: &hasher)
    }
  }

  /// The kind a firewall must support to hold this target.
  public var kind: TargetKind {
    switch self {
    case .prefix(let prefix) where prefix.isHost: prefix.isIPv4 ? .address4 : .address6
    case .prefix(let prefix): prefix.isIPv4 ? .prefix4 : .prefix6
    case .name: .name
    }
  }

  /// The prefix of an address target; `nil` for a name.
  public var prefix: IPPrefix? {
    if case .prefix(let prefix) = self { prefix } else { nil }
  }
}

/// The kinds of target that firewalls tell apart.
public enum TargetKind: String, Sendable, Codable, CaseIterable, Comparable {
  case address4, address6, prefix4, prefix6, name

  public static func < (a: TargetKind, b: TargetKind) -> Bool { a.rawValue < b.rawValue }
}

extension BlockTarget: Comparable {
  /// Addresses in numeric order, then names in the order of their text.
  public static func < (a: BlockTarget, b: BlockTarget) -> Bool {
    switch (a, b) {
    case (.prefix(let a), .prefix(let b)): a < b
    case (.name(let a), .name(let b)): a < b
    case (.prefix, .name): true
    case (.name, .prefix): false
    }
  }
}

extension BlockTarget: LosslessStringConvertible {
  /// Parses an address, a prefix, or a domain name with at least two labels.
  public init?(_ text: String) {
    if let prefix = IPPrefix(text) {
      self = .prefix(prefix)
    } else if let name = DomainName(text), name.labels.count >= 2,
      // "10.0.0.300" and "1.2.3" are slips of an address, not names: no top-level domain is numeric.
      name.labels.last?.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) == false
    {
      self = .name(name)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .prefix(let prefix): prefix.description
    case .name(let name): name.text
    }
  }
}

extension BlockTarget: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let target = BlockTarget(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "“\(text)” is not an address, a prefix or a domain name")
    }
    self = target
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
