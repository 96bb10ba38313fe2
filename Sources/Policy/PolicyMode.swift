/// Whether permitted blocks reach the firewall.
public enum PolicyMode: String, Sendable, Codable, CaseIterable {
  /// Everything is decided, planned and shown; nothing is changed.
  case dryRun = "dry-run"
  /// Permitted blocks are applied.
  case enforce

  /// The mode in which both agree: enforcement happens only where everybody asks for it.
  public func agreed(with other: PolicyMode) -> PolicyMode {
    self == .enforce && other == .enforce ? .enforce : .dryRun
  }
}
