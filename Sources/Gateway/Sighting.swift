public import Detection
import FirewallKit
public import Inspection
public import NetworkTypes

/// A destination on a list, seen in a packet: all that leaves the capture thread.
public struct Sighting: Sendable {
  /// What was listed, as the packet told it.
  public var destination: Destination
  /// The addresses that a block would stop: those contacted, or those a listed name was answered with.
  public var addresses: [IPAddress]
  public var kind: Observation.Kind?
  public var time: Timestamp
  /// Who contacted it. Never an input of a verdict; kept so that a replay can tell whom a block would
  /// have cut off.
  public var terminal: IPAddress
}
