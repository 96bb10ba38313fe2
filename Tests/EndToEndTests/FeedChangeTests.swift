import Foundation
import Glibc
import Lab
import NetworkTypes
import Testing

extension EndToEndTests {
  /// Lists that change while the service runs.
  @Suite(.serialized) final class FeedChangeTests {
    init() throws { try KernelFirewalls.empty() }
    deinit { try? KernelFirewalls.empty() }

    @Test func aListThatChangesCountsWithoutARestartAndARuinedOneChangesNothing() async throws {
      let folder = try TemporaryFolder()
      let list = try folder.file("list.txt", "other.example.net\n")
      let gateway = try Installation(
        more: """
          sensor: { interface: \(LabNetwork.insideInterface) }
          reputation:
            sources:
              - { id: own, file: \(list), category: malware, confidence: 0.95, every: 5s }
          """)
      @Sendable func replace(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: list), options: .atomic)
      }
      try await Lab.run { lab in
        let service = try gateway.start("run")
        #expect(try await comesAbout { service.complaint.contains("capturing") }, "\(service.complaint)")
        func reaches(_ address: IPAddress) async throws -> Bool {
          try await lab.terminal.fetch(Terminal.url(of: address), timeout: .milliseconds(500)).reached
        }
        /// Seen from the outside alone: the terminal goes on as it did, and is cut off at some moment.
        func isCutOff(_ address: IPAddress) async throws -> Bool {
          let deadline = ContinuousClock.now + .seconds(30)
          while ContinuousClock.now < deadline {
            if try await !reaches(address) { return true }
          }
          return false
        }
        #expect(try await reaches(LabNetwork.badV4))
        try replace("other.example.net\n\(LabNetwork.badV4)\n")
        #expect(try await isCutOff(LabNetwork.badV4), "\(service.complaint)")
        #expect(try await comesAbout { try gateway.statusBlocks().confirmed == ["\(LabNetwork.badV4)"] })
        // Emptied by mistake: refused and told, and what was listed stays listed.
        try replace("")
        #expect(
          try await comesAbout { service.complaint.contains("feed not updated") }, "\(service.complaint)")
        let feeds = try #require(try gateway.objects("feeds list").first?["feeds"] as? [[String: Any]])
        let feed = feeds.first
        #expect(feed?["health"] as? String == "refused", "\(feeds)")
        #expect((feed?["summary"] as? [String: Any])?["indicators"] as? Int == 2, "\(feeds)")
        #expect(try await reaches(LabNetwork.goodV4))
        service.signal(SIGTERM)
        #expect(service.end().status == 0)
      }
    }
  }
}
