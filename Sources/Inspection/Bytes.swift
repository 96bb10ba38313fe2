/// Network-order reads. The caller has proved that the bytes are there; the subscript traps otherwise,
/// and the tests with mutated frames exist to show that it never does.
extension Span where Element == UInt8 {
  func uint16(at index: Int) -> UInt16 {
    UInt16(self[index]) &<< 8 | UInt16(self[index &+ 1])
  }

  func uint24(at index: Int) -> Int {
    Int(self[index]) &<< 16 | Int(self[index &+ 1]) &<< 8 | Int(self[index &+ 2])
  }

  func uint32(at index: Int) -> UInt32 {
    UInt32(uint16(at: index)) &<< 16 | UInt32(uint16(at: index &+ 2))
  }

  func uint64(at index: Int) -> UInt64 {
    UInt64(uint32(at: index)) &<< 32 | UInt64(uint32(at: index &+ 4))
  }
}
