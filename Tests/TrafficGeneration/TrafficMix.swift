/// Shares of packets, after a busy office line.
public enum TrafficMix: String, Sendable {
  /// 60 % bulk TLS, 13 % SYN, 9 % DNS, 8 % HTTP, the rest handshakes, acknowledgements, ICMP and NTP.
  case mixed
  /// 95 % DNS; half of its names never come again.
  case dns
  /// TLS flows only.
  case bulk
  /// Unanswered SYNs only.
  case syn

  /// Conversations that are open side by side, per kind, and the packets wanted of each per hundred.
  var parts: [(kind: Conversation.Kind, packets: Int, open: Int)] {
    switch self {
    case .mixed: [(.tls, 67, 400), (.scan, 12, 1), (.dns, 9, 30), (.http, 10, 60), (.other, 2, 1)]
    case .dns: [(.uniqueDNS, 95, 60), (.scan, 4, 1), (.other, 1, 1)]
    case .bulk: [(.tls, 100, 400)]
    case .syn: [(.scan, 100, 1)]
    }
  }
}
