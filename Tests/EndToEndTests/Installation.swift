import Foundation
import Language

/// The real program with a configuration and a state directory of its own.
final class Installation: Sendable {
  static let table = "e2e_cli"
  static let program = RunningProgram.products.appending(path: "sekisho").path

  let folder: TemporaryFolder
  let configuration: String
  let state: String

  /// - Parameters:
  ///   - firewalls: the lines below `firewalls:`; an nftables firewall named `edge` by default.
  ///   - more: further lines of the configuration.
  init(
    mode: String = "enforce",
    firewalls: String = "  - { name: edge, adapter: nftables, settings: { table: e2e_cli } }",
    policy: String = "standard", more: String = "", state: String? = nil
  ) throws {
    folder = try TemporaryFolder()
    configuration = try folder.file(
      "sekisho.yaml", "mode: \(mode)\nfirewalls:\n\(firewalls)\npolicy: \(policy)\n\(more)\n")
    self.state = state ?? folder.path + "/state"
  }

  /// The words of a command and then the options every command takes.
  func arguments(_ words: String) -> [String] {
    words.split(separator: " ").map(String.init) + ["--config", configuration, "--state", state]
  }

  func start(_ words: String, environment: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram(Self.program, arguments(words), environment: environment)
  }

  @discardableResult
  func run(_ words: String, environment: [String: String] = [:]) throws -> RunningProgram.Outcome {
    try start(words, environment: environment).end()
  }

  /// The objects that a command prints with `--json`, one a line.
  func objects(_ words: String) throws -> [[String: Any]] {
    try Self.objects(try run(words + " --json").output)
  }

  static func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
        throw KernelFirewalls.Failure(description: "no JSON object: \(line)")
      }
      return object
    }
  }

  /// Blocks that status shows, by whether they are wanted and read back.
  func statusBlocks() throws -> (all: [String], confirmed: [String], health: [String]) {
    let firewalls = try objects("status").first?["firewalls"] as? [[String: Any]] ?? []
    let blocks = firewalls.flatMap { $0["blocks"] as? [[String: Any]] ?? [] }
    let confirmed = blocks.filter { $0["intended"] as? Bool == true && $0["readBack"] as? Bool == true }
    return (
      blocks.compactMap { $0["target"] as? String }, confirmed.compactMap { $0["target"] as? String },
      firewalls.compactMap { $0["health"] as? String }
    )
  }
}

/// Lines of text for people that are wider than a terminal, literal lines (in the margin of four
/// spaces, or a command) apart.
func tooWide(_ text: String) -> [Substring] {
  text.split(separator: "\n").filter { line in
    !line.hasPrefix("    ") && !line.hasPrefix("  $ ") && DisplayWidth.columns(of: String(line)) > 80
  }
}
