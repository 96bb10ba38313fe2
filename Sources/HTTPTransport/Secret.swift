import Glibc

/// A password, key or token. It can be sent, and it can be named; it cannot be printed.
///
/// Whatever turns values into text (`print`, interpolation, `dump`, a mirror, an encoder, a failed
/// expectation in a test) gets `‹secret:name›`. The bytes leave this room only inside a request or a
/// TLS handshake. Values cannot be compared either: an early end of the comparison tells its length.
public struct Secret: Sendable {
  /// What people call it: never empty, no control characters.
  public let name: String
  private let storage: Storage

  /// A secret from a value that is at hand, such as a session's token in a device's answer. What people
  /// set up is loaded by `SecretReference`.
  public init(name: String, value: String) {
    self.init(name: name, bytes: Array(value.utf8))
  }

  /// The same from bytes.
  public init(name: String, bytes: [UInt8]) {
    let shown = String(
      name.unicodeScalars.prefix(Self.longestName).map { scalar in
        let isPlain = scalar.properties.generalCategory != .control && scalar != "‹" && scalar != "›"
        return isPlain ? Character(scalar) : "_"
      })
    self.name = shown.isEmpty ? "unnamed" : shown
    storage = Storage(bytes)
  }

  static let longestName = 80

  var count: Int { storage.count }

  func reveal<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    storage.reveal(body)
  }

  /// Wipes its memory at the end of its life. Copies that libcurl and OpenSSL make are theirs.
  private final class Storage: @unchecked Sendable {
    // Written once, before `init` returns, and by nobody afterwards: hence safe to read anywhere.
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ source: [UInt8]) {
      bytes = .allocate(capacity: source.count)
      _ = bytes.initialize(from: source)
    }

    var count: Int { bytes.count }

    func reveal<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
      body(Span(_unsafeElements: UnsafeBufferPointer(bytes)))
    }

    deinit {
      if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
      bytes.deallocate()
    }
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable, Encodable {
  public var description: String { "‹secret:\(name)›" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Encodes the mark. There is no way back: a secret is loaded from where it is kept.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
