import Detection
import Foundation
import Language
import NetworkTypes

/// The Public Suffix List (publicsuffix.org), as Debian's package `publicsuffix` installs it.
struct PublicSuffixList {
  /// Where the package puts it.
  static let standardPath = "/usr/share/publicsuffix/public_suffix_list.dat"

  /// Rules of several labels as A-labels, with `*.` before those that stand for every label and `!` before
  /// exceptions; and whether the rule is of the section of private domains.
  let rules: [(text: String, isPrivate: Bool)]
  /// SHA-256 of the file.
  let digest: String

  init(_ file: URL) throws(TrainingError) {
    guard let data = try? Data(contentsOf: file) else {
      throw TrainingError(
        code: .unreadable, file: file.path,
        message: Phrase(
          en: "\(file.path) cannot be read. It comes with: apt-get install publicsuffix. Name another with "
            + "--suffixes.",
          ja: "\(file.path) を読み取れません。apt-get install publicsuffix で導入するか、--suffixes で指定してください。"))
    }
    let bytes = [UInt8](data)
    digest = ContentDigest.hexadecimal(of: bytes.span)
    var rules: [(text: String, isPrivate: Bool)] = []
    var section = ""
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("// ===BEGIN") { section = String(line) }
      guard let word = line.split(whereSeparator: \.isWhitespace).first, !word.hasPrefix("//") else {
        continue
      }
      let mark = word.hasPrefix("*.") ? "*." : word.hasPrefix("!") ? "!" : ""
      guard let name = DomainName(String(word.dropFirst(mark.count))),
        !mark.isEmpty || name.text.contains(".")
      else { continue }
      rules.append((mark + name.text, section.contains("PRIVATE")))
    }
    guard section.contains("PRIVATE"), !rules.isEmpty else {
      throw TrainingError(
        code: .malformed, file: file.path,
        message: Phrase(
          en: "\(file.path) is not the Public Suffix List: it has no section of private domains.",
          ja: "\(file.path) は公開サフィックス一覧ではありません（民間ドメインの節がありません）。"))
    }
    self.rules = rules
  }
}
