public import NetworkTypes

/// What may be blocked, for how long, and by whom: the settings of one policy file and the rules that
/// they make.
public struct Policy: Sendable {
  public let name: String
  public let mode: PolicyMode
  public let direction: TrafficDirection
  /// What a block gets when nobody names a time.
  public let timeToLive: Duration
  /// The longest time that anybody gets.
  public let maximumTimeToLive: Duration
  public let minimumPrefixLength: PrefixLengths
  public let limits: Limits
  /// The lowest confidence, 0...1, at which the detector blocks by itself; below it reports.
  public let minimumConfidence: Double
  /// What is never blocked because somebody needs it.
  public let allow: AllowList
  /// Networks that no block may touch, beside `ProtectedNetwork.always`.
  public let protectedNetworks: [ProtectedNetwork]
  /// Names that no block may touch, nor a name above or below them.
  public let protectedNames: [DomainName]
  /// The firewalls that blocks go to when nobody names one; `nil` for all.
  public let firewalls: [String]?
  /// What the settings above demand, in the order in which the answers are shown.
  public let rules: [any PolicyRule]

  private let timeToLiveRule: TimeToLive

  /// The shortest prefixes that one block may hold.
  public struct PrefixLengths: Hashable, Sendable {
    /// 0...32.
    public var ipv4: Int
    /// 0...128.
    public var ipv6: Int

    public init(ipv4: Int = 24, ipv6: Int = 48) {
      self.ipv4 = ipv4
      self.ipv6 = ipv6
    }
  }

  /// How many blocks there may be.
  public struct Limits: Hashable, Sendable {
    /// New blocks that the detector may make within 60 s.
    public var newBlocksPerMinute: Int
    /// New blocks that the detector may make within 3600 s; `nil` when only the minute counts.
    public var newBlocksPerHour: Int?
    /// Blocks in force at one time.
    public var totalBlocks: Int
    /// New blocks in one change, whoever makes it.
    public var blocksPerChange: Int

    public init(
      newBlocksPerMinute: Int = 60, newBlocksPerHour: Int? = nil, totalBlocks: Int = 100_000,
      blocksPerChange: Int = 1000
    ) {
      self.newBlocksPerMinute = newBlocksPerMinute
      self.newBlocksPerHour = newBlocksPerHour
      self.totalBlocks = totalBlocks
      self.blocksPerChange = blocksPerChange
    }
  }

  /// A policy from values that are known to be sound; `init(parsing:file:)` also looks for
  /// contradictions between them.
  public init(
    name: String, mode: PolicyMode, direction: TrafficDirection = .outbound,
    timeToLive: Duration = .seconds(3600), maximumTimeToLive: Duration = .seconds(7 * 86_400),
    minimumPrefixLength: PrefixLengths = PrefixLengths(), limits: Limits = Limits(),
    minimumConfidence: Double = 0.8, allow: AllowList = [], protectedNetworks: [ProtectedNetwork] = [],
    protectedNames: [DomainName] = [], firewalls: [String]? = nil
  ) {
    self.name = name
    self.mode = mode
    self.direction = direction
    self.timeToLive = timeToLive
    self.maximumTimeToLive = maximumTimeToLive
    self.minimumPrefixLength = minimumPrefixLength
    self.limits = limits
    self.minimumConfidence = minimumConfidence
    self.allow = allow
    self.protectedNetworks = protectedNetworks
    self.protectedNames = protectedNames
    self.firewalls = firewalls
    timeToLiveRule = TimeToLive(standard: timeToLive, maximum: maximumTimeToLive)
    // What must never be blocked first: it is the answer people look for, and the first refusal is
    // the one that is told.
    rules = [
      ProtectedNetworks(protectedNetworks),
      ProtectedNames(protectedNames),
      AllowListed(allow),
      MinimumPrefixLength(ipv4: minimumPrefixLength.ipv4, ipv6: minimumPrefixLength.ipv6),
      timeToLiveRule,
      MinimumConfidence(minimumConfidence),
      NewBlockRate(perMinute: limits.newBlocksPerMinute, perHour: limits.newBlocksPerHour),
      BlocksPerChange(limits.blocksPerChange),
      TotalBlocks(limits.totalBlocks),
    ]
  }

  /// How long the block may last when every rule permits it without a word; otherwise `nil`, and
  /// `evaluate` tells what there is to say. For many requests in one change: it keeps no answers.
  public func plainPermission(for request: BlockRequest, in context: PolicyContext) -> Duration? {
    for rule in rules {
      guard case .permits = rule.judge(request, in: context) else { return nil }
    }
    return timeToLiveRule.granted(to: request)
  }

  /// Asks every rule. The mode plays no part: a dry run is refused and permitted like the real thing.
  public func evaluate(_ request: BlockRequest, in context: PolicyContext) -> PolicyEvaluation {
    let judgements = rules.map {
      PolicyEvaluation.Judgement(rule: $0.name, answer: $0.judge(request, in: context))
    }
    let permitted = !judgements.contains { $0.answer.isRefusal }
    let granted = permitted ? timeToLiveRule.granted(to: request) : nil
    return PolicyEvaluation(
      request: request, judgements: judgements, timeToLive: granted,
      deadline: granted.map { context.now + $0 })
  }
}
