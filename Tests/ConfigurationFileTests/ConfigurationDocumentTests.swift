import ConfigurationFile
import Language
import Randomness
import Testing

@Suite struct ConfigurationDocumentTests {
  private func problem(in yaml: String) -> ConfigurationProblem? {
    do throws(ConfigurationError) {
      _ = try ConfigurationDocument(parsing: yaml, file: "sekisho.yaml")
      return nil
    } catch {
      #expect(error.problems.count == 1)
      return error.problems.first
    }
  }

  @Test func everyValueKnowsItsLineColumnAndPath() throws {
    let document = try ConfigurationDocument(
      parsing: """
        # 関所
        mode: dry-run
        firewalls:
          - name: edge
            settings: { hooks: [forward, "input"] }
        """, file: "sekisho.yaml")
    var places: [String: String] = [:]
    func visit(_ node: ConfigurationNode) {
      places[node.path] = "\(node.location)"
      switch node.content {
      case .map(let entries): for entry in entries { visit(entry.value) }
      case .list(let items): for item in items { visit(item) }
      case .scalar, .null: break
      }
    }
    visit(document.root)
    #expect(places["mode"] == "sekisho.yaml:2:7")
    #expect(places["firewalls[0].name"] == "sekisho.yaml:4:11")
    #expect(places["firewalls[0].settings.hooks[1]"] == "sekisho.yaml:5:34")
  }

  @Test(arguments: ["", "   \n", "# only a comment\n", "---\n"])
  func aFileWithoutValuesIsAnEmptyMap(yaml: String) throws {
    let document = try ConfigurationDocument(parsing: yaml, file: "empty.yaml")
    let problems = ConfigurationProblems()
    #expect(ConfigurationSection(document.root, problems: problems).keys.isEmpty)
    #expect(problems.found.isEmpty)
  }

  @Test func badIndentationIsToldWithItsLine() throws {
    let found = try #require(problem(in: "policy:\n  name: a\n mode: enforce\n"))
    #expect(found.code == .notYAML)
    #expect(found.location.line == 3)
    #expect(found.message.en.contains("indentation"))
    #expect(found.message.ja.contains("字下げ"))
  }

  @Test func aTabIsCalledATab() throws {
    let found = try #require(problem(in: "policy:\n\tname: a\n"))
    #expect(found.code == .notYAML)
    #expect(found.location.line == 2)
    #expect(found.message.en.contains("indented with a tab"))
    #expect(found.message.ja.contains("タブ"))
  }

  @Test func anOpenQuoteIsNotValidYAML() throws {
    #expect(try #require(problem(in: "name: \"never closed\n")).code == .notYAML)
  }

  @Test func aRepeatedKeyIsAProblemOfItsOwn() throws {
    let found = try #require(problem(in: "a: 1\nlimits:\n  total-blocks: 1\n  total-blocks: 2\n"))
    #expect(found.code == .duplicate)
    #expect(found.key == "total-blocks")
    #expect(found.location.line == 3)
  }

  @Test(arguments: [
    "base: &base [10.0.0.0/8]\nallow: *base\n", "a: &a 1\n", "a: &a {b: 1}\n", "&a key: 1\n*a : 2\n",
  ])
  func anchorsAndAliasesAreRefused(yaml: String) throws {
    let found = try #require(problem(in: yaml))
    #expect([.invalid, .duplicate].contains(found.code))
    #expect(found.location.line == 1)
  }

  @Test func anAliasWithoutAnAnchorIsRefused() throws {
    #expect(try #require(problem(in: "allow: *nobody\n")).code == .notYAML)
  }

  @Test func anchorsOfAnchorsAreRefusedBeforeTheyExpand() throws {
    // A million values if it were read: enough to see, and not enough to take the machine along.
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...5 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(try #require(problem(in: yaml)).code == .invalid)
  }

  @Test(arguments: [32, 33, 500, 999, 100_000])
  func valuesThatNestTooDeepAreRefused(depth: Int) throws {
    let yaml = "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect([.invalid, .notYAML].contains(try #require(problem(in: yaml)).code))
  }

  @Test func thirtyLevelsAreFine() {
    #expect(problem(in: "a: " + String(repeating: "[", count: 30) + String(repeating: "]", count: 30)) == nil)
  }

  @Test func aNULByteIsToldWithItsPlace() throws {
    let found = try #require(problem(in: "name: a\nmode: dry\0run\n"))
    #expect(found.code == .notYAML)
    #expect(found.location.line == 2)
    #expect(found.location.column == 10)
    #expect(found.message.en.contains("control characters"))
  }

  @Test func anOverlongFileIsNotParsed() throws {
    let found = try #require(
      problem(in: String(repeating: "#", count: ConfigurationDocument.maximumBytes + 1)))
    #expect(found.code == .tooLarge)
    #expect(found.message.en.contains("4194305"))
    #expect(problem(in: String(repeating: "#", count: ConfigurationDocument.maximumBytes)) == nil)
  }

  @Test func aSecondDocumentIsRefused() throws {
    let found = try #require(problem(in: "a: 1\n---\nb: 2\n"))
    #expect(found.code == .notYAML)
    #expect(found.location.line == 2)
  }

  @Test func aKeyMustBeAWord() throws {
    #expect(try #require(problem(in: "? [a, b]\n: 1\n")).code == .invalid)
  }

  @Test func aQuotedNullIsAText() throws {
    let document = try ConfigurationDocument(parsing: "a: \"null\"\nb: null\nc: ~\nd:\n", file: "f")
    let section = ConfigurationSection(document.root, problems: ConfigurationProblems())
    #expect(section.text("a") == "null")
    for key in ["b", "c", "d"] { #expect(!section.contains(key)) }
  }

  @Test func hostileTextNeverEndsTheProcess() {
    var random = SplitMix64(seed: 7)
    let pieces = [
      "a", ":", " ", "\n", "-", "[", "]", "{", "}", "\"", "'", "#", "|", ">", "!", "%", "\t", "?", ",", "é",
      "\u{FEFF}", "\u{0}", "関", "---\n", "1",
    ]
    for _ in 0..<3000 {
      let length = Int.random(in: 0...40, using: &random)
      let yaml = (0..<length).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      do throws(ConfigurationError) {
        let document = try ConfigurationDocument(parsing: yaml, file: "f")
        let section = ConfigurationSection(document.root, problems: ConfigurationProblems())
        for key in section.keys { _ = section.texts(key) }
      } catch {
        #expect(!error.problems.isEmpty)
        for problem in error.problems {
          #expect(problem.location.line >= 1 && problem.location.column >= 1)
        }
      }
    }
  }
}
