import AllocationCounter
import NetworkTypes
import Testing

@testable import Inspection

/// The hot path's promise: no allocation per packet but those that are hashed or deciphered.
///
/// Counted by the program's own `malloc`. The heap's statistics (`mallinfo2`) cannot do it: they give
/// the difference, and an object that is made and freed per packet leaves none.
@Suite(
  "Allocations", .enabled(if: allocation_count_works() != 0, "sanitizers bring an allocator of their own"))
struct AllocationTests {
  @Test("no packet costs an allocation, unless it is fingerprinted or deciphered")
  func noAllocations() {
    var inspector = Inspector(flowCapacity: 4096, seed: 1)
    var headers = PacketHeaders()
    var observation = Observation()
    let links = HostileFrameTests.plainCorpus.map(\.0)
    // All frames in one array: taking one out of an array of arrays allocates in debug builds.
    let bytes = HostileFrameTests.plainCorpus.flatMap(\.1)
    var ranges: [Range<Int>] = []
    for (_, frame) in HostileFrameTests.plainCorpus {
      let start = ranges.last?.upperBound ?? 0
      ranges.append(start..<(start + frame.count))
    }
    let bulk = FrameBuilder.tcp4([0x17, 3, 3, 4, 0] + [UInt8](repeating: 0x5A, count: 1024))

    func pass() {
      for index in links.indices {
        _ = inspector.inspect(
          bytes.span.extracting(ranges[index]), link: links[index], time: Timestamp(seconds: 1),
          headers: &headers,
          observation: &observation)
      }
      _ = inspector.inspect(
        bulk.span, link: .ethernet, time: Timestamp(seconds: 1), headers: &headers,
        observation: &observation)
    }
    // The first pass may fill caches of the runtime (type metadata in debug builds).
    pass()
    let start = allocation_count()
    for _ in 0..<2_000 { pass() }
    let end = allocation_count()
    #expect(end - start == 0)
    // That the counter counts at all.
    let probe = allocation_count()
    let object = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 8)
    #expect(allocation_count() - probe == 1)
    object.deallocate()
  }
}
