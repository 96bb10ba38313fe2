import Language
public import NetworkTypes

/// What an entry of the audit log tells. Rooms may add words of their own.
public struct AuditKind: RawRepresentable, Hashable, Sendable, Codable {
  public var rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// The ledger was made.
  public static let ledger = AuditKind(rawValue: "ledger")
  /// A plan was kept.
  public static let plan = AuditKind(rawValue: "plan")
  /// An action began.
  public static let intent = AuditKind(rawValue: "intent")
  /// An action ended, or nobody knows how.
  public static let receipt = AuditKind(rawValue: "receipt")
  /// A configuration was loaded or refused.
  public static let configuration = AuditKind(rawValue: "configuration")
  /// Dry run or enforce was chosen.
  public static let mode = AuditKind(rawValue: "mode")
  /// The service started or stopped.
  public static let service = AuditKind(rawValue: "service")
  /// Records were erased.
  public static let erasure = AuditKind(rawValue: "erasure")

  /// The kinds that vouch for rows of the journal; only the ledger itself writes them.
  static let reserved: Set<AuditKind> = [.ledger, .plan, .intent, .receipt]
}

/// One entry of the audit log. It is never changed, and its hash covers it and all before it.
public struct AuditEntry: Sendable, Codable, Equatable {
  /// Counts from 1 without gaps.
  public var sequence: Int64
  /// By this host's clock when it was written. The order is that of `sequence`.
  public var at: Timestamp
  public var kind: AuditKind
  /// Who or what did it.
  public var actor: String
  /// JSON with sorted keys.
  public var payload: String
  /// SHA-256 in hexadecimal; see `AuditLog.hash`.
  public var hash: String

  public init(
    sequence: Int64, at: Timestamp, kind: AuditKind, actor: String, payload: String, hash: String
  ) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.actor = actor
    self.payload = payload
    self.hash = hash
  }
}

/// The end of the audit log at one moment, to be kept elsewhere: printed, mailed, signed.
///
/// A log that was cut, or cut and written anew, is consistent in itself; only an anchor shows it.
public struct AuditAnchor: Hashable, Sendable, LosslessStringConvertible {
  public var count: Int64
  /// The hash of entry `count`, 64 hexadecimal digits.
  public var hash: String

  public init(count: Int64, hash: String) {
    self.count = count
    self.hash = hash
  }

  /// Parses what `description` gives: `42:9f86d0…`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = Int64(parts[0]), count > 0, parts[1].utf8.count == 64,
      parts[1].allSatisfy({ $0.isHexDigit && $0.isASCII })
    else { return nil }
    self.init(count: count, hash: parts[1].lowercased())
  }

  public var description: String { "\(count):\(hash)" }
}
