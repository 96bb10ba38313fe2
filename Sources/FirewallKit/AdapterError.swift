public import Language

/// Why an adapter could not read, compute or perform.
public struct AdapterError: Error, Sendable, Codable, Equatable {
  public enum Code: String, Sendable, Codable, CaseIterable {
    /// The device or its program cannot be reached or is not installed.
    case unavailable
    /// We are not who the device wants, or lack the right.
    case unauthorized
    /// The device refused the content.
    case rejected
    /// Something with our name is there that does not carry our mark.
    case foreign
    /// The device is not as the plan assumed.
    case conflict
    /// Someone else holds a lock, or the device asks to come back later.
    case busy
    case capacity
    /// No answer in time: the operation may have been applied. Only reading decides.
    case timedOut
    /// The answer cannot be understood.
    case unreadable
    /// The adapter cannot do this by its capabilities.
    case unsupported
  }

  public var code: Code
  /// What happened, where, and what to do.
  public var message: Phrase
  /// The device's own words, at most `maximumDetail` characters; empty when it said nothing.
  public var detail: String

  public static let maximumDetail = 2000

  public init(code: Code, message: Phrase, detail: String = "") {
    self.code = code
    self.message = message
    self.detail = String(detail.prefix(Self.maximumDetail))
  }

  /// The sentence, with the device's words after it.
  public func text(in language: Language) -> String {
    detail.isEmpty ? message.text(in: language) : "\(message.text(in: language)) (\(detail))"
  }
}
