import Foundation
import Language
import Reputation
import Testing

@Suite struct ListFileTests {
  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func aFileIsReadAlsoThroughALink() throws {
    try inFolder { folder in
      let file = folder.appending(path: "feed.txt")
      try Data("bad.example.org\nnot one\n".utf8).write(to: file)
      let link = folder.appending(path: "link.txt")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
      for path in [file.path, link.path] {
        let list = try IndicatorList.load(source(file: path))
        #expect(list.texts == ["bad.example.org"])
        #expect(list.problems.first?.file == path)
      }
    }
  }

  @Test func whatIsNoReadableListIsAnErrorThatSaysWhy() throws {
    try inFolder { folder in
      let large = folder.appending(path: "large.txt")
      try Data(repeating: 0x23, count: 2000).write(to: large)
      let cases: [(String, ReputationError.Code, String)] = [
        (folder.appending(path: "absent.txt").path, .unreadable, "no such file"),
        (folder.path, .notRegularFile, "regular file"),
        ("/dev/zero", .notRegularFile, "regular file"),
        (large.path, .tooLarge, "2000 bytes"),
      ]
      for (path, code, words) in cases {
        #expect { try IndicatorList.load(source(file: path), limits: ListLimits(bytes: 1000)) } throws: {
          guard let error = $0 as? ReputationError else { return false }
          return error.code == code && error.file == path && error.source == "feed"
            && error.message.en.contains(words) && error.message.en.contains(path)
            && error.message.ja.contains(path)
        }
      }
    }
  }
}
