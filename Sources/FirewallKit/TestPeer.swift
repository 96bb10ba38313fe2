/// What the tests of an adapter drive it against.
public struct TestPeer: Sendable, Codable, Equatable {
  /// How much it proves.
  public enum Kind: String, Sendable, Codable {
    /// The product itself.
    case real
    /// A stand-in that somebody else wrote.
    case mock
    /// Our simulator, which also satisfies a client that somebody else wrote.
    case simulatorWithClient = "simulator-with-client"
    /// Our simulator alone.
    case simulator
  }

  public var kind: Kind
  /// The product, the stand-in, or the client beside our simulator.
  public var name: String

  public init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }
}
