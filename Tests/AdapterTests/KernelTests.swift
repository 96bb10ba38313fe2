import Glibc
import HostPrograms
import Testing

@testable import Iptables

/// Tests that change the rules of the kernel they run on.
///
/// They run one after another, and only where `SEKISHO_LAB=1` says that the network namespace is a
/// throw-away one: `unshare --net` as root, or `unshare --user --map-root-user --net`.
@Suite(
  .serialized, .emptyKernel,
  .enabled(if: getenv("SEKISHO_LAB").map { String(cString: $0) == "1" } ?? false))
enum KernelTests {}

/// Gives each test a kernel without rules, sets and addresses, and leaves none behind: the tests of
/// other targets send packets through the same namespace.
struct EmptyKernel: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true
  private static let programs = HostPrograms.iptables(directories: HostPrograms.usualDirectories)

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Self.empty()
    do {
      try await function()
    } catch {
      try await Self.empty()
      throw error
    }
    try await Self.empty()
  }

  static func empty() async throws {
    _ = try await programs.run("nft", ["flush", "ruleset"], input: "")
    _ = try await programs.run("ip", ["address", "flush", "dev", "lo", "scope", "global"], input: "")
    _ = try await programs.run(
      "ip", ["-6", "route", "flush", "table", "local", "root", "2001:db8::/32"], input: "")
    // Restoring also sets the policies of the chains back, which flushing leaves as they are.
    for command in ["iptables-legacy-restore", "ip6tables-legacy-restore"] {
      _ = try await programs.run(
        command, [],
        input: """
          *filter
          :INPUT ACCEPT
          :FORWARD ACCEPT
          :OUTPUT ACCEPT
          COMMIT
          *raw
          :PREROUTING ACCEPT
          :OUTPUT ACCEPT
          COMMIT

          """)
    }
    // A list holds on to its members until it is empty, and the kernel lets go of a set a moment after
    // the last rule that used it is gone.
    for attempt in 1...500 {
      _ = try await programs.run("ipset", ["flush"], input: "")
      do {
        _ = try await programs.run("ipset", ["destroy"], input: "")
        return
      } catch {
        guard attempt < 500 else { throw error }
      }
    }
  }
}

extension Trait where Self == EmptyKernel {
  static var emptyKernel: Self { EmptyKernel() }
}
