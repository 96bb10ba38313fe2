import Glibc
public import Language

/// The plugin that people start from, in Python, as it stands in this folder when the program was built.
///
/// It works as it is: it keeps a text file of its own and passes `sekisho adapter check`.
public enum PluginTemplate {
  /// One file of it.
  public struct File: Sendable, Equatable {
    public var name: String
    public var text: String
    public var isExecutable: Bool
  }

  /// Where the plugin's name stands in the texts.
  private static let placeholder = "NAME"

  /// The files of a plugin with this name.
  public static func files(named name: String) -> [File] {
    let sources: [(String, [UInt8])] = [
      ("README.md", PackageResources.README_md), ("adapter.py", PackageResources.adapter_py),
      ("plugin.json", PackageResources.plugin_json), ("sekisho.yaml", PackageResources.sekisho_yaml),
      ("sekisho_plugin.py", PackageResources.sekisho_plugin_py),
      ("test_adapter.py", PackageResources.test_adapter_py),
    ]
    return sources.map { file, bytes in
      File(
        name: file, text: String(decoding: bytes, as: UTF8.self).replacing(placeholder, with: name),
        isExecutable: file == "adapter.py")
    }
  }

  /// Writes the files into a new folder. What is there already is never written over.
  public static func write(named name: String, to folder: String) throws(PluginTemplateError) {
    guard mkdir(folder, 0o755) == 0 else { throw PluginTemplateError(folder, errno) }
    for file in files(named: name) {
      let path = "\(folder)/\(file.name)"
      let mode: mode_t = file.isExecutable ? 0o755 : 0o644
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      guard descriptor >= 0 else { throw PluginTemplateError(path, errno) }
      defer { close(descriptor) }
      var rest = Array(file.text.utf8)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { throw PluginTemplateError(path, errno) }
        rest = rest.dropFirst(count)
      }
    }
  }
}

/// Why a plugin's folder could not be written.
public struct PluginTemplateError: Error, Sendable, Equatable {
  public enum Code: String, Sendable, Codable, CaseIterable { case exists, unwritable }

  public var code: Code
  public var path: String
  public var message: Phrase

  init(_ path: String, _ reason: Int32) {
    self.path = path
    if reason == EEXIST {
      code = .exists
      message = Phrase(
        en: "\(path) is there already. Choose another name, or move it away.",
        ja: "\(path) は既に存在します。別の名前にするか、移動してください。")
    } else {
      code = .unwritable
      let words = String(cString: strerror(reason))
      message = Phrase(
        en: "\(path) cannot be written (\(words)). Run the command where you may write.",
        ja: "\(path) に書き込めません（\(words)）。書き込める場所で実行してください。")
    }
  }
}
