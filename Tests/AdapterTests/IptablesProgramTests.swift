import FirewallKit
import Foundation
import HostPrograms
import Language
import Testing

@testable import Iptables

/// Programs that behave badly, as scripts in a directory of their own.
@Suite struct IptablesProgramTests {
  private func programs(_ name: String, _ script: String, deadline: Duration = .seconds(10)) throws
    -> HostPrograms
  {
    let directory = NSTemporaryDirectory() + "sekisho-programs-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let path = directory + "/" + name
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return HostPrograms.iptables(directories: [directory, "/usr/bin", "/bin"], deadline: deadline)
  }

  private func error(_ programs: HostPrograms, input: String = "") async -> AdapterError? {
    await #expect(throws: AdapterError.self) { try await programs.run("ipset", ["restore"], input: input) }
  }

  private let megabytes = String(repeating: "add sekisho-host4 192.0.2.1 timeout 60\n", count: 200_000)

  @Test func aMissingProgramSaysWhatToInstall() async {
    let programs = HostPrograms.iptables(directories: ["/nonexistent"])
    let error = await error(programs)
    #expect(error?.code == .unavailable)
    #expect(error?.message.en.contains("apt install ipset") == true)
    #expect(error?.message.ja.contains("apt install ipset") == true)
  }

  @Test func aProgramThatHangsIsStopped() async throws {
    let error = await error(try programs("ipset", "exec sleep 600", deadline: .milliseconds(200)))
    #expect(error?.code == .timedOut)
  }

  @Test func aLongInputThatNobodyReadsKeepsTheProgramsOwnWords() async throws {
    let error = await error(
      try programs("ipset", "echo 'Error in line 1: Hash is full, cannot add more elements' >&2; exit 1"),
      input: megabytes)
    #expect(error?.code == .capacity)
    #expect(error?.detail == "Error in line 1: Hash is full, cannot add more elements")
  }

  @Test func inputAndOutputLargerThanAnyPipeDoNotWaitForEachOther() async throws {
    let answer = try await programs("ipset", "exec cat").run("ipset", [], input: megabytes)
    #expect(answer.count == megabytes.utf8.count)
  }

  @Test func aLongComplaintIsCut() async throws {
    let error = await error(try programs("ipset", "head -c 60000 /dev/zero | tr '\\0' x >&2; exit 7"))
    #expect(error?.code == .rejected)
    #expect(error?.detail.count == AdapterError.maximumDetail)
  }

  @Test func argumentsAreNeverReadByAShell() async throws {
    let answer = try await programs("ipset", "printf '%s\\n' \"$@\"").run("ipset", ["$(id)", "a b", "`x`;"])
    #expect(String(decoding: answer, as: UTF8.self) == "$(id)\na b\n`x`;\n")
  }
}
