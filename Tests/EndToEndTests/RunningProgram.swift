import Foundation

/// A program that was started: its output goes to files, so that it never waits for a reader.
final class RunningProgram {
  struct Outcome: CustomStringConvertible {
    /// The exit status, or the negative number of the signal that ended it.
    var status: Int32
    var output: String
    var complaint: String

    /// All it said for people, without the breaks of lines.
    var sentences: String {
      (output + complaint).split(whereSeparator: { $0 == " " || $0 == "\n" }).joined(separator: " ")
    }

    var description: String { "status \(status)\n\(output)\n\(complaint)" }
  }

  private let process = Process()
  private let folder: URL

  /// Folder of the test bundle, where the build also puts the product's programs.
  static let products: URL = {
    let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: bundle ?? CommandLine.arguments[0]).deletingLastPathComponent()
  }()

  /// - Parameter program: an absolute path, or a name that is looked up as a user's shell would.
  init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["output", "complaint"] {
      try Data().write(to: folder.appending(path: name))
    }
    process.executableURL = URL(filePath: program.hasPrefix("/") ? program : "/usr/bin/env")
    process.arguments = program.hasPrefix("/") ? arguments : [program] + arguments
    var variables = ProcessInfo.processInfo.environment
    variables["PATH"] = (variables["PATH"] ?? "") + ":/usr/sbin:/sbin"
    variables["LC_ALL"] = "C"
    process.environment = variables.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "output"))
    process.standardError = try FileHandle(forWritingTo: folder.appending(path: "complaint"))
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }

  var identifier: pid_t { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// What it wrote to standard error so far.
  var complaint: String { text("complaint") }
  var output: String { text("output") }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for its end.
  func end() -> Outcome {
    process.waitUntilExit()
    let status = process.terminationStatus
    return Outcome(
      status: process.terminationReason == .uncaughtSignal ? -status : status, output: text("output"),
      complaint: text("complaint"))
  }

  private func text(_ name: String) -> String {
    let data = (try? Data(contentsOf: folder.appending(path: name))) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }

  /// Runs a program to its end.
  static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws
    -> Outcome
  {
    try RunningProgram(program, arguments, environment: environment).end()
  }
}

/// Whether a state comes about before the patience ends; looked at again and again.
func comesAbout(within patience: Duration = .seconds(10), _ holds: () async throws -> Bool) async throws
  -> Bool
{
  let end = ContinuousClock.now + patience
  while ContinuousClock.now < end {
    if try await holds() { return true }
    try await Task.sleep(for: .milliseconds(5))
  }
  return try await holds()
}
