import Foundation
import Lab
import Language
import Testing

struct LabEntryTests {
  @Test func outsideALabNothingIsBuilt() async throws {
    guard !LabEntry.isInside else { return }
    let error = await #expect(throws: LabError.self) { try await Lab.run { _ in } }
    #expect(error?.code == .notInside)
  }

  @Test func theCommandIsLiteralAndHandsTheExitStatusThrough() async throws {
    let command: [String]
    do {
      command = try LabEntry.command(for: ["/bin/sh", "-c", "test \"$SEKISHO_LAB\" = 1 && exit 7"])
    } catch {
      // Where it cannot be done, the refusal says what to do.
      #expect([.namespacesRefused, .missingPrograms].contains(error.code))
      #expect(error.message.en.contains(/Install|root|--privileged/) && !error.message.ja.isEmpty)
      return
    }
    #expect(command[0].hasSuffix("/unshare"))
    let failure = await #expect(throws: CommandFailed.self) { try await run(command) }
    #expect(failure?.status == 7)
  }

  @Test func everythingMadeInsideVanishesWithTheLastProcess() async throws {
    guard let command = try? LabEntry.command(for: ["/bin/sh", "-c", "ip netns add terminal; ip netns list"])
    else { return }
    #expect(try await run(command).hasPrefix("terminal"))
    #expect(try await !run(["ip", "netns", "list"]).contains("terminal"))
  }
}
