import FirewallSimulators
import Foundation

/// What a program needs to reach a simulated device: its address, and files with its authority and secrets.
struct DeviceReach: Encodable {
  var url: String
  var ca: String
  /// Files with the secret settings, by key.
  var secrets: [String: String]

  /// Writes the files, readable by this account alone.
  init(_ server: DeviceServer, _ lab: LabDevice, in folder: URL) throws {
    url = server.origin
    ca = folder.appending(path: "ca.pem").path
    secrets = [:]
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try Data(server.authority.utf8).write(to: folder.appending(path: "ca.pem"))
    for (key, value) in lab.secrets {
      let file = folder.appending(path: key).path
      guard
        FileManager.default.createFile(
          atPath: file, contents: Data(value.utf8), attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      secrets[key] = file
    }
  }

  /// The lines of the adapter's settings.
  var settings: [String] {
    ["url: \"\(url)\"", "ca: \"\(ca)\""]
      + secrets.sorted { $0.key < $1.key }.map { "\($0.key): \"file:\($0.value)\"" }
  }
}
