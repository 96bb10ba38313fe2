/// What our rules have dropped since they were made.
public struct NftablesCounters: Sendable, Codable, Equatable {
  public var packets: UInt64
  public var bytes: UInt64

  public init(packets: UInt64, bytes: UInt64) {
    self.packets = packets
    self.bytes = bytes
  }
}
