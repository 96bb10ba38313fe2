import ConfigurationFile
import Language
import NetworkTypes
import Randomness
import Testing

@Suite struct ConfigurationSectionTests {
  private enum Colour: String, CaseIterable { case red, green, darkBlue = "dark-blue" }

  /// The section of a text, and what was wrong after `read`.
  private func problems(_ yaml: String, read: (ConfigurationSection) -> Void) throws -> [ConfigurationProblem]
  {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: yaml, file: "f.yaml")
    read(ConfigurationSection(document.root, problems: problems))
    return problems.found
  }

  @Test func aMisspeltKeyIsAnErrorWithASuggestionAtItsPlace() throws {
    let found = try problems("policy:\n  time-to-live: 1h\n  direktion: both\n") { top in
      let policy = top.section("policy")
      _ = policy.duration("time-to-live", in: .seconds(1)...(.seconds(86_400)))
      _ = policy.text("direction")
      policy.finish()
      top.finish()
    }
    #expect(found.map(\.code) == [.unknownKey])
    #expect(found.first?.key == "policy.direktion")
    #expect(found.first.map { "\($0.location)" } == "f.yaml:3:3")
    #expect(found.first?.message.en.contains("“direction”") == true)
    #expect(found.first?.message.ja.contains("「direction」") == true)
  }

  @Test func aKeyLikeNoOtherGetsTheListOfKnownOnes() throws {
    let found = try problems("entirely-else: 1\n") { top in
      _ = top.text("name")
      _ = top.text("mode")
      top.finish()
    }
    #expect(found.first?.message.en.contains("Known here: mode, name") == true)
  }

  @Test func everythingWrongIsFoundAtOnceInTheOrderOfTheFile() throws {
    let collected = ConfigurationProblems()
    let document = try ConfigurationDocument(
      parsing: """
        count: many
        share: 1.5
        colour: blue
        time: forever
        networks: [192.0.2.0/24, 192.0.2.0/33]
        flag: perhaps
        extra: 1
        """, file: "f.yaml")
    let top = ConfigurationSection(document.root, problems: collected)
    _ = top.flag("flag")
    _ = top.prefixes("networks")
    _ = top.duration("time", in: .seconds(1)...(.seconds(60)))
    _ = top.choice("colour", of: Colour.self)
    _ = top.number("share", in: 0...1)
    _ = top.integer("count", in: 1...10)
    _ = top.requiredText("name", example: "edge")
    top.finish()
    do throws(ConfigurationError) {
      try collected.throwIfAny()
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.problems.map(\.location.line) == [1, 1, 2, 3, 4, 5, 6, 7])
      #expect(
        Set(error.problems.map(\.key)) == [
          "count", "name", "share", "colour", "time", "networks", "flag", "extra",
        ])
      #expect(error.text(in: .japanese).split(separator: "\n").count == 8)
      #expect(error.description.contains("f.yaml:2:8: share: “1.5” is not a number from 0.0 to 1.0."))
    }
  }

  @Test(arguments: [
    ("1s", Duration.seconds(1)), ("90m", .seconds(5400)), ("36h", .seconds(129_600)),
    ("7d", .seconds(604_800)),
    ("250ms", .milliseconds(250)), ("\"2h\"", .seconds(7200)),
  ])
  func durationsCarryTheirUnit(text: String, expected: Duration) throws {
    let found = try problems("a: \(text)\n") { top in
      #expect(top.duration("a", in: .zero...(.seconds(1_000_000))) == expected)
    }
    #expect(found.isEmpty)
  }

  @Test(arguments: ["10", "1 h", "-1s", "1.5h", "h", "1w", "1H", "99999999999999999999s", "１h", "8d"])
  func otherDurationsAreRefused(text: String) throws {
    let found = try problems("a: \"\(text)\"\n") { top in
      #expect(top.duration("a", in: .seconds(1)...(.seconds(604_800))) == nil)
    }
    #expect(found.map(\.code) == [.outOfRange])
    #expect(found.first?.message.en.contains("from 1s to 7d") == true)
  }

  @Test func aDurationAsTextIsReadBackAsItself() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<2000 {
      let seconds = Int64.random(in: 0...1_000_000_000, using: &random)
      let rounded = [1, 60, 3600, 86_400].map { seconds / $0 * $0 }.randomElement(using: &random) ?? seconds
      let duration = Duration.seconds(rounded)
      #expect(Duration(text: duration.text) == duration)
    }
    #expect(Duration.milliseconds(250).text == "250ms")
    #expect(Duration.seconds(604_800).text == "7d")
    #expect(Duration.zero.text == "0s")
  }

  @Test func prefixesAreReadAndWrongOnesToldWhereTheyStand() throws {
    let found = try problems(
      """
      a:
        - 192.0.2.0/24
        - 2001:db8::/32
        - ::ffff:198.51.100.7
        - example.org
        - 192.0.2.1/
        - [nested]
      """
    ) { top in
      #expect(top.prefixes("a").map(\.description) == ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"])
    }
    #expect(
      found.map { "\($0.code) \($0.location.line)" }.sorted() == ["invalid 5", "invalid 6", "wrongType 7"])
  }

  @Test func aSingleWordIsAListOfOne() throws {
    let found = try problems("a: 192.0.2.1\nb: green\n") { top in
      #expect(top.prefixes("a").count == 1)
      #expect(top.choices("b", of: Colour.self) == [.green])
      #expect(top.choices("c", of: Colour.self) == nil)
    }
    #expect(found.isEmpty)
  }

  @Test func choicesAreUniqueAndWrongOnesAreNamed() throws {
    let found = try problems("a: [red, green, red, darkBlue]\n") { top in
      #expect(top.choices("a", of: Colour.self) == [.red, .green])
    }
    #expect(found.map(\.code) == [.invalid])
    #expect(found.first?.message.en.contains("one of red, green, dark-blue is expected") == true)
    #expect(found.first?.message.en.contains("Did you mean “dark-blue”?") == true)
    #expect(found.first?.location.column == 22)
  }

  @Test(arguments: [
    ("yes", true), ("true", true), ("On", true), ("no", false), ("FALSE", false), ("off", false),
  ])
  func flagsAreReadAsYAMLWritesThem(word: String, expected: Bool) throws {
    let found = try problems("a: \(word)\n") { #expect($0.flag("a") == expected) }
    #expect(found.isEmpty)
  }

  @Test(arguments: ["0", "11", "1.0", "0x5", "1_0", "五", "\"\"", "[5]", "{b: 5}"])
  func integersOutsideTheirRangeAreRefused(text: String) throws {
    let found = try problems("a: \(text)\n") { #expect($0.integer("a", in: 1...10) == nil) }
    #expect(found.count == 1)
  }

  @Test(arguments: ["nan", "inf", "-0.1", "1.01", "half"])
  func numbersOutsideTheirRangeAreRefused(text: String) throws {
    let found = try problems("a: \(text)\n") { #expect($0.number("a", in: 0...1) == nil) }
    #expect(found.count == 1)
  }

  @Test func aMapWhereAWordBelongsAndTheOtherWayRoundAreToldOnce() throws {
    let found = try problems("a: {b: 1}\nc: word\nd: word\n") { top in
      #expect(top.text("a") == nil)
      #expect(top.section("c").keys.isEmpty)
      #expect(top.sections("d").isEmpty)
      top.finish()
    }
    #expect(found.map(\.code) == [.wrongType, .wrongType, .wrongType])
  }

  @Test func aRequiredKeyThatIsEmptyIsMissing() throws {
    let found = try problems("name:\n") { #expect($0.requiredText("name", example: "edge") == nil) }
    #expect(found.map(\.code) == [.missingKey])
    #expect(found.first?.message.en.contains("name: edge") == true)
  }

  @Test func entriesOfAListKeepTheirNumberInThePath() throws {
    let found = try problems("firewalls:\n  - name: a\n  - nmae: b\n") { top in
      for firewall in top.sections("firewalls") {
        _ = firewall.text("name")
        firewall.finish()
      }
      top.finish()
    }
    #expect(found.map(\.key) == ["firewalls[1].nmae"])
    #expect(found.first?.message.en.contains("“name”") == true)
  }
}
