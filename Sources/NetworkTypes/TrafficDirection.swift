/// Which packets a block stops, seen from the protected network.
public enum TrafficDirection: String, Sendable, Codable, CaseIterable {
  /// Packets to the blocked target.
  case outbound
  /// Packets from the blocked target.
  case inbound
  /// Both: also the connections that are already established.
  case both
}
