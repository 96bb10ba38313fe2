public import NetworkTypes

/// What the rules need to know about the moment and the firewall. They ask nobody themselves, so one
/// context always gives one answer.
public struct PolicyContext: Sendable {
  public var now: Timestamp
  /// Blocks in force on the firewall, those of the change being made not counted.
  public var blocksInForce: Int
  /// New blocks that the detector made in the 60 s before `now`.
  public var newBlocksLastMinute: Int
  /// New blocks that the detector made in the 3600 s before `now`.
  public var newBlocksLastHour: Int
  /// New blocks already permitted for the change being made, this request not counted. Every limit
  /// adds them to its own count, so a large change cannot pass a limit that its parts would meet.
  public var blocksInChange: Int
  /// What must stay reachable on this machine: own addresses, gateways, resolvers, administrators.
  public var protected: ProtectedNetworkList
  /// The entries of the allow list that people made, beside those of the policy.
  public var allowed: AllowList

  public init(
    now: Timestamp, blocksInForce: Int = 0, newBlocksLastMinute: Int = 0, newBlocksLastHour: Int = 0,
    blocksInChange: Int = 0, protected: ProtectedNetworkList = [], allowed: AllowList = []
  ) {
    self.now = now
    self.blocksInForce = blocksInForce
    self.newBlocksLastMinute = newBlocksLastMinute
    self.newBlocksLastHour = newBlocksLastHour
    self.blocksInChange = blocksInChange
    self.protected = protected
    self.allowed = allowed
  }
}
