import ConfigurationFile
import FirewallKit
import Foundation
import HTTPTransport
import Logging
import NetworkTypes
import Synchronization
import Testing

@testable import ProcessPlugins

/// A folder of a test that goes with it.
final class Folder: Sendable {
  let path: String

  init() throws {
    // The name that a process finds itself in has no links.
    path =
      URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath()
      .appending(path: "sekisho-plugin-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: file(name)))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
    return file(name)
  }

  func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }
}

let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The sources that a plugin folder of a test is made of.
enum PluginSource: String {
  case device = "Tests/ProcessPluginTests/Device"
  case nginxDeny = "Plugins/Examples/nginx-deny"

  /// A copy that is ours: what is in the repository may belong to anybody.
  func copy(to folder: Folder) throws -> String {
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("plugin"), withIntermediateDirectories: true)
    let source = repository.appending(path: rawValue)
    var sources = try files.contentsOfDirectory(at: source, includingPropertiesForKeys: nil)
    if self == .device {
      sources.append(repository.appending(path: "Sources/PluginTemplate/Python/sekisho_plugin.py"))
    }
    for file in sources where !file.hasDirectoryPath {
      try folder.write(
        "plugin/\(file.lastPathComponent)", try String(contentsOf: file, encoding: .utf8),
        mode: files.isExecutableFile(atPath: file.path) ? 0o755 : 0o644)
    }
    return folder.file("plugin")
  }
}

extension PluginSettings {
  /// - Parameter settings: in the notation of YAML, `{a: b}`.
  static func of(
    _ source: PluginSource, in folder: Folder, settings: String, deadline: Duration = .seconds(10),
    secrets: [String: SecretReference] = [:]
  ) throws -> PluginSettings {
    let document = try ConfigurationDocument(parsing: settings, file: "test.yaml")
    return PluginSettings(
      folder: try PluginFolder(source.copy(to: folder)), deadline: deadline, settings: document.root,
      secrets: secrets)
  }
}

/// What was logged, as text.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }
  var text: String { all.joined(separator: "\n") }

  var logger: Logger { Logger(label: "test", factory: { _ in Handler(lines: self) }) }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let values = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
      lines.lines.withLock { $0.append("\(event.message) \(values.joined(separator: " "))") }
    }
  }
}

/// Waits for a state, at most 20 s.
func eventually(_ condition: () async throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(20)
  while try await !condition() {
    try #require(ContinuousClock.now < end, "it does not come about")
    try await Task.sleep(for: .milliseconds(5))
  }
}

func isAlive(_ pid: Int32) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
  return status.split(separator: ")").last?.split(separator: " ").first != "Z"
}
