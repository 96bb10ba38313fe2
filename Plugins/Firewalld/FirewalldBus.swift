import FirewallKit
import FoundationEssentials
import HostPrograms
import Language

/// firewalld as D-Bus shows it, asked through `busctl`: a hundred times quicker than `firewall-cmd`.
struct FirewalldBus: Sendable {
  static let service = "org.fedoraproject.FirewallD1"
  static let configuration = service + ".config"
  static let rootPath = "/org/fedoraproject/FirewallD1"
  static let configurationPath = rootPath + "/config"

  let programs: HostPrograms

  static func command(
    _ path: String, _ interface: String, _ method: String, _ arguments: [String]
  ) -> FirewalldFrame.Command {
    // A daemon that is not running must not be started by a question. Numbers below zero look like options.
    FirewalldFrame.Command(
      program: "busctl",
      arguments: [
        "--system", "--json=short", "--auto-start=no", "--", "call", service, path, interface, method,
      ]
        + arguments)
  }

  /// What a method gives back.
  func ask(
    _ interface: String, _ method: String, _ arguments: [String] = [], at path: String = rootPath
  ) async throws(AdapterError) -> BusValue {
    let command = Self.command(path, interface, method, arguments)
    let answer = try await programs.run(command.program, command.arguments)
    struct Reply: Decodable { var data: [BusValue] }
    guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(answer)), let value = reply.data.first
    else {
      throw Self.unreadable("\(interface).\(method)", String(decoding: answer.prefix(200), as: UTF8.self))
    }
    return value
  }

  /// The names in a list that a method gives back.
  func names(_ interface: String, _ method: String, at path: String = rootPath) async throws(AdapterError)
    -> Set<String>
  {
    guard let names = try await ask(interface, method, at: path).strings else {
      throw Self.unreadable("\(interface).\(method)", "")
    }
    return Set(names)
  }

  /// The permanent settings of a set, zone or policy (`kind` is `IPSet`, `Zone`, `Policy`).
  func permanent(_ kind: String, _ name: String, _ method: String) async throws(AdapterError) -> BusValue {
    let object = try await ask(
      Self.configuration, "get\(kind)ByName", ["s", name], at: Self.configurationPath)
    guard let path = object.string else { throw Self.unreadable("get\(kind)ByName", object.text) }
    return try await ask(Self.configuration + "." + kind.lowercased(), method, at: path)
  }

  static func unreadable(_ what: String, _ detail: String) -> AdapterError {
    AdapterError(
      code: .unreadable,
      message: Phrase(
        en: "The answer of firewalld to \(what) cannot be understood.",
        ja: "\(what) に対する firewalld の応答を解釈できません。"),
      detail: detail)
  }
}
