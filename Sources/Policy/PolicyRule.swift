public import Language

/// One thing a policy insists on.
///
/// A rule is a small value. It sees the request and the context, has no clock and no memory, and
/// answers the same question always alike.
public protocol PolicyRule: Sendable {
  /// The rule's stable name, for programs and for the audit log: `minimum-prefix-length`.
  var name: String { get }

  /// Whether the block may be made.
  func judge(_ request: BlockRequest, in context: PolicyContext) -> RuleAnswer
}

/// What a rule says to a request.
public enum RuleAnswer: Sendable {
  case permits
  /// Permitted, and there is something people should know about how.
  case permitsNoting(Reason)
  case refuses(because: Reason)

  public var isRefusal: Bool { if case .refuses = self { true } else { false } }

  /// The sentence that goes with the answer; `nil` for a plain permission.
  public var phrase: Phrase? {
    switch self {
    case .permits: nil
    case .permitsNoting(let reason), .refuses(because: let reason): reason.phrase
    }
  }
}

/// A sentence that is written only when somebody reads it: a change with 100,000 refused targets
/// would otherwise spend its time on 200,000 sentences.
public struct Reason: Sendable {
  private let write: @Sendable () -> Phrase

  public init(_ phrase: @autoclosure @escaping @Sendable () -> Phrase) { write = phrase }

  public init(writing: @escaping @Sendable () -> Phrase) { write = writing }

  public var phrase: Phrase { write() }
}
