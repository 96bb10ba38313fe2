/// Bytes of which some are secret. Written as a literal, with secrets interpolated:
///
///     let body: SensitiveText = "{\"user\":\"sekisho\",\"password\":\"\(json: password)\"}"
///
/// Printing shows `‹secret:name›` in the place of each secret.
public struct SensitiveText: Sendable {
  enum Piece: Sendable {
    case plain([UInt8])
    case secret(Secret, SecretEncoding)
    /// Base64 (RFC 4648) over pieces of which one is secret, for `Authorization: Basic`.
    case base64([Piece], name: String)
  }

  private(set) var pieces: [Piece]

  public init(_ text: String) { pieces = [.plain(Array(text.utf8))] }
  public init(bytes: [UInt8]) { pieces = [.plain(bytes)] }

  private init(pieces: [Piece]) { self.pieces = pieces }

  public static func + (a: SensitiveText, b: SensitiveText) -> SensitiveText {
    SensitiveText(pieces: a.pieces + b.pieces)
  }

  /// The value of `Authorization` for a user and a password (RFC 7617). A user's name must not hold a
  /// colon; the server would take what follows as password.
  public static func basic(user: String, password: Secret) -> SensitiveText {
    SensitiveText(pieces: [
      .plain(Array("Basic ".utf8)),
      .base64([.plain(Array("\(user):".utf8)), .secret(password, .verbatim)], name: password.name),
    ])
  }

  /// The same for a secret that is user and password already, with a colon between them.
  public static func basic(credentials: Secret) -> SensitiveText {
    SensitiveText(pieces: [
      .plain(Array("Basic ".utf8)), .base64([.secret(credentials, .verbatim)], name: credentials.name),
    ])
  }

  /// The value of `Authorization` for a token (RFC 6750).
  public static func bearer(_ token: Secret) -> SensitiveText { "Bearer \(token)" }

  /// Whether anything in it is secret.
  public var holdsSecret: Bool {
    pieces.contains { if case .plain = $0 { false } else { true } }
  }

  /// Whether these are its bytes. Takes the same time wherever the first difference is.
  public func matches(_ bytes: [UInt8]) -> Bool {
    let own = Self.revealed(pieces)
    var difference: UInt8 = own.count == bytes.count ? 0 : 1
    for (a, b) in zip(own, bytes) { difference |= a ^ b }
    return difference == 0
  }

  /// How many bytes are sent.
  var byteCount: Int {
    pieces.reduce(0) { sum, piece in
      if case .plain(let bytes) = piece { sum + bytes.count } else { sum + Self.revealed([piece]).count }
    }
  }

  /// The bytes as they are sent. Outside this room only for the standard input of a plugin, which is given
  /// the secrets that its settings name.
  package func revealed() -> [UInt8] { Self.revealed(pieces) }

  /// The bytes with a mark in the place of each secret.
  func redacted() -> [UInt8] {
    pieces.flatMap { piece -> [UInt8] in
      switch piece {
      case .plain(let bytes): bytes
      case .secret(let secret, _): Array(secret.description.utf8)
      case .base64(_, let name): Array("‹secret:\(name)›".utf8)
      }
    }
  }

  /// Every spelling of a secret that is sent in here, longest first, to find it in foreign words.
  package func spellings() -> [(mark: String, text: String)] {
    pieces.flatMap { piece -> [(mark: String, text: String)] in
      switch piece {
      case .plain: []
      case .secret(let secret, let encoding):
        [
          (secret.description, String(decoding: encoding.encoded(secret), as: UTF8.self)),
          (secret.description, String(decoding: SecretEncoding.verbatim.encoded(secret), as: UTF8.self)),
        ]
      case .base64(let inner, let name):
        [("‹secret:\(name)›", String(decoding: Base64.encoded(Self.revealed(inner)), as: UTF8.self))]
          + SensitiveText(pieces: inner).spellings()
      }
    }.sorted { $0.text.count > $1.text.count }
  }

  private static func revealed(_ pieces: [Piece]) -> [UInt8] {
    pieces.flatMap { piece -> [UInt8] in
      switch piece {
      case .plain(let bytes): bytes
      case .secret(let secret, let encoding): encoding.encoded(secret)
      case .base64(let inner, _): Base64.encoded(revealed(inner))
      }
    }
  }
}

extension SensitiveText: ExpressibleByStringInterpolation {
  public struct StringInterpolation: StringInterpolationProtocol {
    var pieces: [Piece] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ literal: String) {
      if !literal.isEmpty { pieces.append(.plain(Array(literal.utf8))) }
    }
    public mutating func appendInterpolation(_ secret: Secret) { pieces.append(.secret(secret, .verbatim)) }
    /// Inside the quotes of a JSON string.
    public mutating func appendInterpolation(json secret: Secret) { pieces.append(.secret(secret, .json)) }
    /// Inside XML text or an attribute's value.
    public mutating func appendInterpolation(xml secret: Secret) { pieces.append(.secret(secret, .xml)) }
    /// As a value of `application/x-www-form-urlencoded`.
    public mutating func appendInterpolation(form secret: Secret) { pieces.append(.secret(secret, .form)) }
    public mutating func appendInterpolation(_ text: SensitiveText) { pieces += text.pieces }
    public mutating func appendInterpolation(_ text: String) { appendLiteral(text) }
    public mutating func appendInterpolation(_ number: some BinaryInteger) { appendLiteral(String(number)) }
  }

  public init(stringLiteral text: String) { self.init(text) }
  public init(stringInterpolation: StringInterpolation) { self.init(pieces: stringInterpolation.pieces) }
}

extension SensitiveText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { String(decoding: redacted(), as: UTF8.self) }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
