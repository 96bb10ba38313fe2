import Detection
import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct ExplanationTests {
  private func verdict() throws -> Verdict {
    let destination = Destination(
      name: try #require(DomainName("www.bad.example.org")), address: IPAddress("192.0.2.7"), port: 443)
    let evidence = [
      listing("bad.example.org", "a", match: .parentDomain, since: Timestamp("2026-01-02T03:04:05Z")),
      listing("192.0.2.7", "b", confidence: 0.75, line: 3),
    ]
    return Judge().verdict(on: destination, evidence: evidence.compactMap { $0 })
  }

  @Test func itReadsAsATextInEnglish() throws {
    #expect(
      try verdict().explanation(in: .english) == """
        Block: www.bad.example.org [192.0.2.7]:443
        The score of 88.50 reaches the block threshold of 80.00.

             81.00  Listed by “Feed a”: the domain bad.example.org above it, malware,
                    since 2026-01-02 (lists/a.txt:12). 100 × 0.9 × 0.9.
              7.50  Also listed by “Feed b”: 192.0.2.7 itself, malware (lists/b.txt:3).
                    100 × 0.75 × 0.1.
          --------
             88.50  sum: the score

        Model listings-1. Only the destination was judged; nothing about the terminal or
        its user entered the score.
        """)
  }

  @Test func itReadsAsATextInJapanese() throws {
    #expect(
      try verdict().explanation(in: .japanese) == """
        遮断: www.bad.example.org [192.0.2.7]:443
        評価値 88.50 が遮断のしきい値 80.00 に達しています。

             81.00  情報源「Feed a」が上位のドメイン bad.example.org を掲載。分類は
                    マルウェア配布、2026-01-02 から（lists/a.txt:12）。100 × 0.9 × 0.9。
              7.50  情報源「Feed b」も 192.0.2.7 そのものを掲載。分類はマルウェア配布
                    （lists/b.txt:3）。100 × 0.75 × 0.1。
          --------
             88.50  合計（評価値）

        モデル listings-1。判定対象は宛先だけで、端末や利用者の情報は使っていません。
        """)
  }

  @Test func everyOutcomeIsSaidInBothLanguages() throws {
    let destination = Destination(address: try #require(IPAddress("192.0.2.7")))
    func told(_ confidence: Double?, _ language: Language) -> String {
      let evidence = [confidence.flatMap { listing("192.0.2.7", confidence: $0) }].compactMap { $0 }
      return Judge().verdict(on: destination, evidence: evidence).explanation(in: language)
    }
    #expect(told(0.5, .english).hasPrefix("Report: 192.0.2.7\nThe score of 50.00 is below the block"))
    #expect(told(0.5, .japanese).hasPrefix("報告: 192.0.2.7\n評価値 50.00 は遮断のしきい値 80.00 未満"))
    #expect(told(0.1, .english).contains("is below the report threshold of 20.00"))
    #expect(told(0.1, .japanese).contains("報告のしきい値 20.00 に達していません"))
    #expect(told(nil, .english).hasPrefix("No action: 192.0.2.7\nNo source lists this destination."))
    #expect(told(nil, .japanese).hasPrefix("対応なし: 192.0.2.7\nこの宛先を掲載している情報源はありません。"))
  }

  @Test(arguments: Language.allCases)
  func noLineIsWiderThanATerminal(language: Language) throws {
    let label = String(repeating: "a", count: 63)
    let name = try #require(DomainName("\(label).\(label).\(label).example.org"))
    let evidence = (0..<6).compactMap { number in
      listing(name.text, "とても長い名前の情報源" + String(repeating: "x", count: number * 23))
    }
    let text = Judge().verdict(on: Destination(name: name, port: 443), evidence: evidence)
      .explanation(in: language)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      #expect(DisplayWidth.columns(of: String(line)) <= 80)
      #expect(line.last != " ")
      #expect(!"、。）」".contains(line.drop { $0 == " " }.first ?? "x"), "\(line)")
    }
  }
}
