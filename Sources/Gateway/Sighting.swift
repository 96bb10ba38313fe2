public import Detection
import FirewallKit
public import Inspection
public import NetworkTypes
public import Reputation

/// A destination to be judged, seen in a packet: all that leaves the capture thread.
public struct Sighting: Sendable {
  /// What is listed, or was not judged a moment ago, as the packet told it.
  public var destination: Destination
  /// The names that the destination's is an alias of, in order of the answer.
  public var aliases: [DomainName] = []
  /// The fingerprint of the hello, where a list has it.
  public var ja4: String?
  /// The hashes of the certificate that the server showed, where a list has one.
  public var certificates: [CertificateHash] = []
  /// The addresses that a block would stop: those contacted, or those the name was answered with.
  public var addresses: [IPAddress]
  public var kind: Observation.Kind?
  public var time: Timestamp
  /// Whether a list has it. What no list has is judged by its name.
  public var isListed: Bool
  /// How long an answer may be kept, in seconds.
  public var timeToLive: UInt32?
  /// Who contacted it. Never an input of a verdict; kept so that a replay can tell whom a block would
  /// have cut off.
  public var terminal: IPAddress
}
