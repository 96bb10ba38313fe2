import ConfigurationFile
import Foundation
import Language
import Testing

@testable import RESTPlugins

/// The published JSON Schema says what the program reads.
@Suite struct RESTSchemaTests {
  private static let schema = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Docs/rest-plugin.schema.json")

  /// A key that nobody knows in every section, so that each tells which ones it knows.
  private static let everySection = """
    nobodys-key-at-all: 1
    capabilities: {nobodys-key-at-all: 1, expiry: device, kinds: [address4]}
    summary: {nobodys-key-at-all: 1}
    tested-against: [{nobodys-key-at-all: 1}]
    requires: [{nobodys-key-at-all: 1, message: {en: a, ja: b}}]
    lists: [{nobodys-key-at-all: 1}]
    read:
      nobodys-key-at-all: 1
      all: {nobodys-key-at-all: 1}
      mark: {nobodys-key-at-all: 1}
      timer: {nobodys-key-at-all: 1}
      pages: {nobodys-key-at-all: 1}
    add: {nobodys-key-at-all: 1, expects: {nobodys-key-at-all: 1}}
    errors: [{nobodys-key-at-all: 1, means: rejected, message: {en: a, ja: b}}]
    """

  @Test func everyKeyOfTheFormatIsInTheSchemaAndNoOther() throws {
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: Self.schema)) as? [String: Any])
    let definitions = try #require(root["$defs"] as? [String: [String: Any]])
    var known: [String: Set<String>] = [:]
    do throws(ConfigurationError) {
      _ = try RESTDescription(parsing: Self.everySection, file: "every.yaml")
      Issue.record("it was taken for a description")
    } catch {
      for problem in error.problems where problem.key.hasSuffix("nobodys-key-at-all") {
        let list = problem.message.en.split(separator: "Known here: ").last?.dropLast() ?? ""
        known[String(problem.key.dropLast("nobodys-key-at-all".count + 1))] = Set(
          list.split(separator: ", ").map(String.init))
      }
    }
    func names(_ definition: String) -> Set<String> {
      let section = definition.isEmpty ? root : definitions[definition] ?? [:]
      return Set((section["properties"] as? [String: Any] ?? [:]).keys)
    }
    let sections = [
      "": "", "capabilities": "capabilities", "summary": "phrase", "tested-against[0]": "peer",
      "requires[0]": "requirement", "lists[0]": "list", "read": "read", "read.all": "call",
      "read.mark": "mark", "read.timer": "timer", "read.pages": "pages", "add": "change",
      "add.expects": "expectation", "errors[0]": "error",
    ]
    #expect(Set(known.keys) == Set(sections.keys))
    for (section, definition) in sections {
      #expect(known[section] == names(definition), "\(section): \(known[section] ?? [])")
    }
    let described = Set(sections.values).union(["word", "path", "method", "target", "kinds"])
    #expect(Set(definitions.keys).isSubset(of: described))
  }
}
