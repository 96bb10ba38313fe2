/// A model that is read from a file and named by the file's hash.
public protocol ScoringModel: Sendable {
  /// Reads a model file.
  init(_ bytes: Span<UInt8>) throws(ModelFileError)
  /// Kind and version, and the first twelve digits of the file's SHA-256.
  var identifier: String { get }
  /// SHA-256 of the file, hexadecimal.
  var digest: String { get }
}
