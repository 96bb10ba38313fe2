import Foundation

/// A folder that is gone when nobody holds it any more.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "sekisho-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in it, with this content when one is given.
  func file(_ name: String, _ text: String? = nil) throws -> String {
    if let text { try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
    return "\(path)/\(name)"
  }
}
