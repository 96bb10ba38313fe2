import Foundation
import Lab
import Testing

@Suite(
  .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["SEKISHO_LAB"] == "1",
    "needs a network namespace of its own: run by make test"))
struct RulesetSnapshotTests {
  @Test func itSeesEveryChangeOfContentAndNoneOfCounters() async throws {
    _ = try await run(["nft", "add table inet snapshot"])
    _ = try await run(["nft", "add set inet snapshot s { type ipv4_addr; flags timeout; }"])
    _ = try await run(["nft", "add chain inet snapshot c { type filter hook output priority 0; }"])
    _ = try await run(["nft", "add rule inet snapshot c counter"])
    _ = try await run(["nft", "add element inet snapshot s { 203.0.113.7 timeout 1h }"])
    let first = try await RulesetSnapshot.read()
    // One packet more on the counter.
    _ = try? await run(["curl", "-q", "-s", "--max-time", "1", "--noproxy", "*", "http://127.0.0.1:9/"])
    #expect(try await run(["nft", "list chain inet snapshot c"]).contains("packets 0") == false)
    #expect(try await RulesetSnapshot.read() == first)
    _ = try await run(["nft", "add element inet snapshot s { 203.0.113.8 timeout 1h }"])
    let second = try await RulesetSnapshot.read()
    #expect(second != first)
    #expect(second.difference(from: first).contains { $0.contains("203.0.113.8") })
    _ = try await run(["nft", "delete table inet snapshot"])
  }
}
