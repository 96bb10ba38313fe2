public import NetworkTypes

/// That somebody wants a target blocked. Policy answers it; nothing has been decided yet.
public struct BlockRequest: Hashable, Sendable {
  /// Who asks.
  public enum Origin: Hashable, Sendable {
    /// Somebody at the command line or a page, who answers for it by name.
    case person
    /// The detector, by itself. The confidence of its verdict runs from 0 to 1.
    case detector(confidence: Double)

    var isDetector: Bool { if case .detector = self { true } else { false } }
  }

  public var target: BlockTarget
  /// How long the block is wanted; `nil` for the policy's own time to live.
  public var timeToLive: Duration?
  public var origin: Origin
  /// Whether the target is blocked already, so that only its deadline would move. Such a request adds
  /// nothing to the firewall, and the limits on the number of blocks let it pass.
  public var extendsBlock: Bool

  public init(
    target: BlockTarget, timeToLive: Duration? = nil, origin: Origin, extendsBlock: Bool = false
  ) {
    self.target = target
    self.timeToLive = timeToLive
    self.origin = origin
    self.extendsBlock = extendsBlock
  }
}
