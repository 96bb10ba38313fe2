public import Language
public import NetworkTypes

/// What an adapter is and what it can do: declared once, measured by the conformance kit.
public struct AdapterManifest: Sendable, Codable, Equatable {
  /// The version of the contract in this module.
  public static let contractVersion = 1

  /// The word for `adapter:` in the configuration.
  public var name: String
  /// What it drives, in a sentence.
  public var summary: Phrase
  /// The contract version it was built for.
  public var contract: Int
  public var capabilities: Capabilities
  /// What its tests drive it against.
  public var testedAgainst: [TestPeer]

  public init(
    name: String, summary: Phrase, contract: Int = AdapterManifest.contractVersion,
    capabilities: Capabilities, testedAgainst: [TestPeer] = []
  ) {
    self.name = name
    self.summary = summary
    self.contract = contract
    self.capabilities = capabilities
    self.testedAgainst = testedAgainst
  }
}

/// The abilities of an adapter that the engine plans by.
public struct Capabilities: Sendable, Codable, Equatable {
  /// How much of a plan takes effect as one.
  public enum Atomicity: String, Sendable, Codable { case plan, operation, entry }
  /// What a reading proves.
  public enum ReadBack: String, Sendable, Codable { case live, configured, fetched }
  /// Whose timers can end a block.
  public enum Expiry: String, Sendable, Codable { case device, gateway }
  /// Who can check a plan without changing anything.
  public enum Validation: String, Sendable, Codable { case local, device }
  /// Whether prefixes in force may overlap. Where they may not, the engine keeps them disjoint.
  public enum Prefixes: String, Sendable, Codable { case overlapping, disjoint }
  /// How the engine learns that someone else changed the device.
  public enum DriftDetection: String, Sendable, Codable { case notification, interval }

  public var kinds: Set<TargetKind>
  public var atomicity: Atomicity
  public var readBack: ReadBack
  public var expiry: Expiry
  public var validation: Validation
  public var prefixes: Prefixes
  public var driftDetection: DriftDetection
  /// Blocks beyond which the device refuses or cuts; `nil` when memory is the only limit.
  public var maximumBlocks: Int?
  /// The longest time to live that a timer of the device holds, in seconds, margin included.
  public var maximumTimeToLiveSeconds: Int64?
  /// Whether what we wrote is still there after the device restarts.
  public var survivesRestart: Bool

  public init(
    kinds: Set<TargetKind>, atomicity: Atomicity, readBack: ReadBack, expiry: Expiry,
    validation: Validation, prefixes: Prefixes, driftDetection: DriftDetection,
    maximumBlocks: Int? = nil, maximumTimeToLiveSeconds: Int64? = nil, survivesRestart: Bool = false
  ) {
    self.kinds = kinds
    self.atomicity = atomicity
    self.readBack = readBack
    self.expiry = expiry
    self.validation = validation
    self.prefixes = prefixes
    self.driftDetection = driftDetection
    self.maximumBlocks = maximumBlocks
    self.maximumTimeToLiveSeconds = maximumTimeToLiveSeconds
    self.survivesRestart = survivesRestart
  }
}
