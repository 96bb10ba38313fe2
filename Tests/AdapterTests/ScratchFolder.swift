import Foundation

/// Makes a folder with files that only its owner reads, and returns its path; whoever asked removes it.
func scratchFolder(_ name: String, files: [String: String]) throws -> String {
  let folder = NSTemporaryDirectory() + "sekisho-\(name)-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  for (name, text) in files {
    let path = folder + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
  }
  return folder
}
