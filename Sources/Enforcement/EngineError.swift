public import FirewallKit
public import Language

/// Why the engine did not carry out what it was asked.
public struct EngineError: Error, Sendable, Equatable {
  public enum Code: String, Sendable {
    /// A rule says no; the plan was not made or is empty.
    case refused
    /// The firewall, the ledger or the clock moved since the plan was made.
    case conflict
    /// The firewall cannot be read.
    case unreachable
    /// The ledger cannot be read or written: an unrecorded block could not be undone, so none is made.
    case ledgerUnavailable
    /// Another process holds the firewall.
    case busy
    /// No such plan, action or target.
    case missing
  }

  public var code: Code
  public var message: Phrase
  /// The adapter's error, when one is behind it.
  public var adapterError: AdapterError?

  public init(code: Code, message: Phrase, adapterError: AdapterError? = nil) {
    self.code = code
    self.message = message
    self.adapterError = adapterError
  }

  init(_ error: JournalError) {
    self.init(
      code: error.code == .missing ? .missing : .ledgerUnavailable, message: error.message)
  }

  init(_ error: AdapterError) {
    self.init(
      code: error.code == .conflict || error.code == .foreign ? .conflict : .unreachable,
      message: error.message, adapterError: error)
  }

  public func text(in language: Language) -> String {
    adapterError?.text(in: language) ?? message.text(in: language)
  }
}
