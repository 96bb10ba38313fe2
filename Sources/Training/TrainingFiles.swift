import Detection
import Foundation
import Language

/// Reads the files of a data directory, and keeps by their hashes which they were.
struct TrainingFiles {
  let directory: URL
  /// The files that are needed together, as an error names them.
  let needed: [String]
  /// SHA-256 of each file as it was read (compressed).
  private(set) var digests: [(file: String, digest: String)] = []

  init(directory: URL, needed: [String]) {
    self.directory = directory
    self.needed = needed
  }

  /// The named columns of each row of a gzip CSV file without quotes.
  mutating func rows(_ file: String, _ columns: [String]) throws(TrainingError) -> [[Substring]] {
    let path = directory.appending(path: file)
    guard let data = try? Data(contentsOf: path) else {
      throw TrainingError(
        code: .unreadable, file: path.path,
        message: Phrase(
          en: "\(path.path) cannot be read. Training needs "
            + "\(needed.joined(separator: ", ")) in one directory.",
          ja: "\(path.path) を読み取れません。学習には \(needed.joined(separator: "、")) が同じディレクトリーに必要です。"))
    }
    let bytes = [UInt8](data)
    digests.append((file, ContentDigest.hexadecimal(of: bytes.span)))
    guard let content = try? Gzip.decompress(bytes) else { throw malformed(path, "gzip") }
    let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
    guard let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false) else {
      throw malformed(path, columns.joined(separator: ","))
    }
    let places = columns.compactMap { column in header.firstIndex { $0 == column } }
    guard places.count == columns.count else { throw malformed(path, columns.joined(separator: ",")) }
    return lines.dropFirst().compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      return fields.count == header.count ? places.map { fields[$0] } : nil
    }
  }

  private func malformed(_ path: URL, _ expected: String) -> TrainingError {
    TrainingError(
      code: .malformed, file: path.path,
      message: Phrase(
        en: "\(path.path) does not have the expected form (\(expected)).",
        ja: "\(path.path) の形式が想定（\(expected)）と異なります。"))
  }
}
