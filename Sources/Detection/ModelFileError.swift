public import Language

/// What is wrong with a model file.
public struct ModelFileError: Error, Hashable, Sendable {
  public enum Code: String, Hashable, Sendable {
    /// The first line is not that of a model this version reads.
    case unknownFormat = "unknown-format"
    /// A line does not follow the format.
    case malformed
    /// An entry stands twice, or two entries have the same key.
    case duplicate
    /// A section that a model needs is absent.
    case incomplete
  }

  public let code: Code
  /// Counted from 1; 0 when it is about the whole file.
  public let line: Int
  public let message: Phrase
}
