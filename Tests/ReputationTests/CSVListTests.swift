import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct CSVListTests {
  private func csv(
    _ indicator: CSVLayout.Column, since: CSVLayout.Column? = nil, separator: Character = ",",
    hasHeader: Bool = false
  ) -> ReputationSource {
    source(
      format: .csv(
        CSVLayout(
          indicator: indicator, since: since, separator: separator.asciiValue ?? 0, hasHeader: hasHeader)),
      file: "feed.csv")
  }

  @Test func aTrackersQuotedTableIsReadByColumnName() throws {
    let text =
      "# Botnet C2 list\r\n# Last updated: 2026-01-01\r\n"
      + "\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\r\n"
      + "\"2026-01-02 03:04:05\",\"203.0.113.7\",\"443\",\"Some, \"\"quoted\"\" family\"\r\n"
      + "\"2026-01-03\",\"2001:db8::7\",\"443\",\"x\"\r\n\"\",\"198.51.100.1\",\"443\",\"x\"\r\n"
    let list = try read(text, csv(.name("DST_IP"), since: .name("first_seen_utc")))
    #expect(list.problems.isEmpty)
    #expect(list.texts == ["203.0.113.7", "2001:db8::7", "198.51.100.1"])
    #expect(list.indicators.map(\.line) == [4, 5, 6])
    #expect(
      list.indicators.map(\.since) == [
        Timestamp("2026-01-02T03:04:05Z"), Timestamp("2026-01-03T00:00:00Z"), nil,
      ])
  }

  @Test func aHeaderWrittenAsACommentIsUnderstood() throws {
    let text =
      "################\n# \"id\", \"dateadded\", \"host\"\n"
      + "\"1\", \"2026-01-02 03:04:05 UTC\", \"bad.example.org\"\n"
    let list = try read(text, csv(.name("host"), since: .name("dateadded")))
    #expect(list.texts == ["bad.example.org"])
    #expect(list.indicators.first?.since == Timestamp("2026-01-02T03:04:05Z"))
  }

  @Test func columnsByNumberWorkWithAndWithoutHeader() throws {
    #expect(
      try read("203.0.113.7\t10\n203.0.113.8\t9\n", csv(.number(1), separator: "\t")).texts
        == ["203.0.113.7", "203.0.113.8"])
    #expect(
      try read("when;what\nx;bad.example.org\n", csv(.number(2), separator: ";", hasHeader: true)).texts
        == ["bad.example.org"])
  }

  @Test func aQuotedFieldMaySpanLinesAndLinesStayRight() throws {
    let list = try read("\"a\nb\nc\",bad.example.org\nx,example.net/\n", csv(.number(2)))
    #expect(list.texts == ["bad.example.org"])
    #expect(list.indicators[0].line == 1)
    #expect(list.faults == ["url@4"])
  }

  @Test func aQuoteThatNeverEndsCostsOneLine() throws {
    let list = try read("\"open,bad.example.org\nx,\"worse\"y\nz,next.example.org\n", csv(.number(2)))
    #expect(list.faults == ["quoting@1", "quoting@2"])
    #expect(list.texts == ["next.example.org"])
  }

  @Test func missingAndWrongFieldsAreTold() throws {
    let list = try read(
      "one\na,,\nb,bad.example.org,yesterday\n\n", csv(.number(2), since: .number(3)))
    #expect(list.faults == ["missing-field@1", "missing-field@2", "invalid-date@3"])
    #expect(list.texts == ["bad.example.org"])
  }

  @Test func aColumnThatIsNotInTheHeaderIsAnError() {
    for text in ["ip,port\n203.0.113.7,443\n", "", "# nothing\n"] {
      #expect { try read(text, csv(.name("host"))) } throws: { error in
        let error = error as? ReputationError
        return error?.code == .missingColumn && error?.message.en.contains("“host”") == true
          && error?.message.ja.contains("「host」") == true
      }
    }
  }

  @Test func aLayoutThatCannotBeIsAnError() {
    for wrong in [csv(.number(0)), csv(.number(1), separator: "\""), csv(.number(1), separator: "\n")] {
      #expect { try read("203.0.113.7\n", wrong) } throws: {
        ($0 as? ReputationError)?.code == .invalidSource
      }
    }
  }
}
