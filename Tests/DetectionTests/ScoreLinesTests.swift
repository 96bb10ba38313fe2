import Detection
import NetworkTypes
import Testing

@Suite struct ScoreLinesTests {
  private func scored(_ input: String, pieces size: Int = 1000) throws -> String {
    var lines = ScoreLines(try smallModel(), addresses: try smallAddressModel())
    var output: [UInt8] = []
    let bytes = Array(input.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      lines.take(Array(bytes[start..<min(start + size, bytes.count)]).span, to: &output)
    }
    lines.finish(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func orderIsKeptAndNothingIsLeftOut() throws {
    #expect(
      try scored("login-bank.top\n\nlocalhost\n192.0.2.7\n2001:db8::7\nnot a name\nx.com\n")
        == "login-bank.top\t76.49\n\nlocalhost\t0.00\n192.0.2.7\t84.70\n2001:db8::7\t0.00\nnot a name\t0.00\n"
        + "x.com\t-10.00\n")
  }

  @Test(arguments: [1, 2, 7, 16])
  func theCutOfTheInputDoesNotMatter(size: Int) throws {
    let input = "login-bank.top\r\nwww.login-bank.top\nabcde.dyn.example\nx.com"
    #expect(try scored(input, pieces: size) == (try scored(input)))
  }

  @Test func capitalsAndUnicodeAreTheSameName() throws {
    let model = try smallModel()
    let unicode = try #require(DomainName("日本.top"))
    let expected = try #require(model.score(unicode)).hundredths
    #expect(try scored("LOGIN-Bank.TOP\n").hasSuffix("\t76.49\n"))
    #expect(
      try scored("日本.top\n")
        == "日本.top\t\(expected / 100).\(expected % 100 < 10 ? "0" : "")\(expected % 100)\n")
  }
}
