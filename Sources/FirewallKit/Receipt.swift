public import NetworkTypes

/// How an action on a firewall ended.
public enum Outcome: Sendable, Codable, Equatable {
  /// Read back from the firewall: what the plan asked for is there.
  case applied
  /// It failed; the firewall was led back to where it was, and that was read back too.
  case restored(cause: AdapterError)
  /// It failed, and leading it back could not be verified. A person is needed.
  case stranded(cause: AdapterError, residue: [StateDifference], remaining: [Operation])
  /// The firewall cannot be read, so nobody knows. Stays open until a reading decides.
  case unknown(cause: AdapterError)

  /// A stable word for programs and the ledger.
  public var word: String {
    switch self {
    case .applied: "applied"
    case .restored: "restored"
    case .stranded: "stranded"
    case .unknown: "unknown"
    }
  }
}

/// What happened when a plan was carried out.
public struct Receipt: Sendable, Codable, Equatable {
  public var planDigest: String
  public var firewall: String
  public var outcome: Outcome
  public var startedAt: Timestamp
  public var finishedAt: Timestamp
  /// When the firewall was last read for this receipt; `nil` when it never answered.
  public var readBackAt: Timestamp?
  /// Operations that the device confirmed.
  public var performed: Int
  /// Changes that were seen in the reading, of those in the plan.
  public var verified: Int

  public init(
    planDigest: String, firewall: String, outcome: Outcome, startedAt: Timestamp,
    finishedAt: Timestamp, readBackAt: Timestamp?, performed: Int, verified: Int
  ) {
    self.planDigest = planDigest
    self.firewall = firewall
    self.outcome = outcome
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.readBackAt = readBackAt
    self.performed = performed
    self.verified = verified
  }
}
