import NetworkTypes
import Randomness
import Reputation
import Testing

/// Lists come from strangers: whatever they hold, reading ends, within its bounds, without a crash.
@Suite struct HostileListTests {
  static let formats: [ListFormat] = [
    .plain, .hosts, .csv(CSVLayout(indicator: .number(1), since: .number(2))),
    .csv(CSVLayout(indicator: .number(2), separator: UInt8(ascii: " "), hasHeader: true)),
  ]

  @Test(arguments: formats)
  func randomBytesNeverCrashAndLeaveOnlySoundIndicators(format: ListFormat) throws {
    var random = SplitMix64(seed: 11)
    let alphabet = Array("ab.:/#\"\\ \t\r\n,;*019-_fF\u{0}日".utf8) + [0xFF, 0x80]
    for _ in 0..<1500 {
      let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      let list = try read(bytes, source(format: format))
      for entry in list.indicators {
        #expect(entry.line >= 1 && entry.line <= bytes.count { $0 == 0x0A } + 1)
        if case .domain(let name, _) = entry.indicator {
          #expect(DomainName.isValid(name.text.utf8Span.span) && name.labels.count >= 2)
        }
      }
      let index = try ReputationIndex([list], seed: 1)
      #expect(list.count == 0 || index.nameCount + index.addressCount + index.prefixCount > 0)
    }
  }

  @Test(
    arguments: zip(
      formats, ["ok.example.org", "0.0.0.0 ok.example.org", "ok.example.org", "x ok.example.org"]))
  func aHugeLineIsOneProblemAndTheNextLineIsRead(format: ListFormat, entry: String) throws {
    let filler = String(repeating: "a", count: 1_000_000)
    let list = try read(entry + "\n" + filler + "\n" + entry, source(format: format))
    #expect(list.faults == ["line-too-long@2"])
    // The first line is a header in the last format.
    #expect(Set(list.texts) == ["ok.example.org"])
    #expect(list.indicators.last?.line == 3)
    #expect(list.problems.allSatisfy { $0.excerpt.count <= IndicatorProblem.excerptLimit })
  }

  @Test func anEndlessQuoteDoesNotMakeReadingQuadratic() throws {
    let text = String(repeating: "\"a\n", count: 20_000)
    let list = try read(
      text, source(format: .csv(CSVLayout(indicator: .number(1)))), limits: ListLimits(lineBytes: 64))
    #expect(list.problemCount == 20_000)
  }

  @Test func problemsBeyondTheBoundAreCounted() throws {
    let list = try read(String(repeating: "?\n", count: 1000) + "bad.example.org\n")
    #expect(list.problems.count == 100)
    #expect(list.problemCount == 1000)
    #expect(list.texts == ["bad.example.org"])
  }

  @Test func listsBeyondTheLimitsAreRefused() {
    #expect { try read("bad.example.org\n", limits: ListLimits(bytes: 10)) } throws: {
      ($0 as? ReputationError)?.code == .tooLarge
    }
    #expect { try read("a.example\nb.example\nc.example\n", limits: ListLimits(indicators: 2)) } throws: {
      ($0 as? ReputationError)?.code == .tooManyIndicators
    }
    #expect(throws: Never.self) {
      try read("a.example\nb.example\n", limits: ListLimits(indicators: 2))
    }
  }

  @Test func utf16AndWrongConfidenceAreErrors() {
    for mark: [UInt8] in [[0xFF, 0xFE], [0xFE, 0xFF]] {
      #expect { try read(mark + [0x61, 0x00]) } throws: { ($0 as? ReputationError)?.code == .encoding }
    }
    for confidence in [-0.1, 1.1, .nan] {
      #expect { try read("", source(confidence: confidence)) } throws: {
        ($0 as? ReputationError)?.code == .invalidSource
      }
    }
  }
}
