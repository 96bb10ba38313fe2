public import Language

/// Why the laboratory could not be entered, built or used.
public struct LabError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// Programs are not installed.
    case missingPrograms
    /// Neither root nor user namespaces are at hand.
    case namespacesRefused
    /// Asked to build outside a private network namespace.
    case notInside
    /// The namespace is already in use by a laboratory.
    case occupied
    /// A program that builds the laboratory refused.
    case setupFailed
    /// A service ended, or was not ready in time.
    case serviceFailed
    /// A program of the terminal could not be run or answered nothing readable.
    case probeFailed
  }

  public var code: Code
  /// What happened, where, and what to do.
  public var message: Phrase
  /// The program's own words; empty when it said nothing.
  public var detail: String

  public init(code: Code, message: Phrase, detail: String = "") {
    self.code = code
    self.message = message
    self.detail = String(detail.suffix(2000))
  }

  /// The sentence, with the program's words after it.
  public func text(in language: Language) -> String {
    detail.isEmpty ? message.text(in: language) : "\(message.text(in: language)) (\(detail))"
  }

  public var description: String { text(in: .english) }
}
