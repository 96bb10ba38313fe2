import Foundation
import Testing

/// A client in Python that somebody else wrote, as `Scripts/adapter-peers` installs it.
struct PeerClient {
  /// Its folder below `.build/peers`.
  var name: String

  private var python: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".build/peers/\(name)/bin/python3").path
  }

  var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: python) }

  /// Runs a program that collects texts in a list `found`; returns them.
  func run(
    _ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:]
  ) async throws -> [String] {
    let file = folder + "/client.py"
    try Data((program + "\nimport json\nprint(json.dumps(found))\n").utf8).write(to: URL(filePath: file))
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: python)
    process.arguments = [file] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = await Task.detached {
      String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }.value
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    let last = text.split(separator: "\n").last ?? ""
    return try JSONDecoder().decode([String].self, from: Data(last.utf8))
  }
}
