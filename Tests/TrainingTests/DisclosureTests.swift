import Detection
import Foundation
import Language
import NetworkTypes
import Testing
import Training

/// A model in which a person can look everything up.
private func modelText() -> String {
  let alphabet = Array("^abcdefghijklmnopqrstuvwxyz0123456789-")
  let costs = (0..<38).map { String(40 + $0 * 3) }.joined(separator: " ")
  let characters = alphabet.flatMap { first in alphabet.map { "\(first)\($0)\t\(costs)\n" } }.joined()
  func rows(_ count: Int, _ step: Int) -> String {
    (0..<count).map { "\($0)\t\($0 * step % 7 - 3).25\t\($0 * step % 5 - 2).50\n" }.joined()
  }
  return """
    sekisho-name-model 2
    [about]
    quality last two months\t100 0.9000 0.500 0.300 0.100 0.200
    [thresholds]
    1\t40.00
    0.1\t60.00
    0.01\t80.00
    [calibration]
    0\t10.00
    80.00\t90.00
    [base]
    0\t-3.00\t-9.00
    [length]
    \(rows(41, 3))
    [digits]
    \(rows(13, 2))
    [hyphens]
    \(rows(7, 5))
    [length-digits]
    9,2\t1.75\t-0.25
    16,1\t-0.50\t2.00
    3,2\t0.75\t0.10
    [suffix-pairs]
    top l9\t0.60\t0.40
    dyn.example d2\t-1.30\t0.20
    [top-level]
    top\t9.10\t1.00
    net\t-2.20\t3.00
    [ngrams]
    ab\t1.10\t0.20
    ^b\t-0.70\t0.30
    -\t0.33\t-0.40
    [characters]
    \(characters)
    [suffixes]
    dyn.example\t2
    """
}

@Suite struct DisclosureTests {
  private let example = DomainName("abab-ab12.top")

  /// The values of a table of the Markdown document: row to naming and generated.
  private func table(_ document: String, _ heading: String) -> [String: (Double, Double)] {
    let sections = document.components(separatedBy: "\n## ")
    guard let section = sections.first(where: { $0.hasPrefix(heading + "\n") }) else { return [:] }
    var rows: [String: (Double, Double)] = [:]
    for line in section.split(separator: "\n") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      if cells.count == 3, let a = Double(cells[1]), let b = Double(cells[2]) { rows[cells[0]] = (a, b) }
    }
    return rows
  }

  /// Redoes scores from what the document prints and nothing else.
  @Test(arguments: ["abab-ab12.top", "www.abab-ab12.top", "b.net", "babyababy-0-abab.top", "x99.dyn.example"])
  func scoresCanBeRedoneFromTheDocumentsOwnTables(text: String) throws {
    let bytes = Array(modelText().utf8)
    let name = try #require(DomainName(text))
    let document = try Disclosure(model: bytes).markdown(.english, example: name)
    let score = try #require(try NameModel(bytes.span).score(name))
    let all = Array(text.split(separator: ".").map(String.init))
    let label = text.hasSuffix("dyn.example") ? all[all.count - 3] : all[all.count - 2]
    let framed = Array("^" + label + "$")
    var sequences: [String] = []
    for length in 1...5 {
      for start in 0..<max(0, framed.count - length + 1) {
        sequences.append(String(framed[start..<(start + length)]))
      }
    }
    for head in [0, 1] {
      func value(_ heading: String, _ row: String) -> Double {
        guard let pair = table(document, heading)[row] else { return 0 }
        return head == 0 ? pair.0 : pair.1
      }
      var sum = value("Base value, the same for every name", "0")
      sum += value("Length of the label", String(label.count))
      sum += value("Number of digits", String(label.count { $0.isNumber }))
      sum += value("Number of hyphens", String(label.count { $0 == "-" }))
      sum += value("Top-level domain", all.last ?? "")
      let digits = label.count { $0.isNumber }
      sum += value("Length together with the number of digits", "\(min(24, label.count)),\(digits)")
      let suffix = text.hasSuffix("dyn.example") ? "dyn.example" : all.last ?? ""
      for pair in ["l\(min(24, label.count))", "d\(digits)"] {
        sum += value("Suffix together with the shape of the label", "\(suffix) \(pair)")
      }
      let sequence = sequences.reduce(0) { $0 + value("Sequences of one to five characters", $1) }
      let shortened = label.count > 10 ? sequence * 10 / Double(label.count) : sequence
      sum += (shortened * 100 + (shortened > 0 ? 1e-6 : -1e-6)).rounded(.towardZero) / 100
      let expected = Double(head == 0 ? score.naming : score.generated) / 100
      #expect((sum - expected).magnitude < 1e-9, "\(text), head \(head)")
    }
  }

  @Test(arguments: Language.allCases)
  func itSaysWhatIsUsedAndWhatIsNot(language: Language) throws {
    let disclosure = try Disclosure(model: Array(modelText().utf8))
    let name = try #require(example)
    let model = try NameModel(Array(modelText().utf8).span)
    let markdown = disclosure.markdown(language, example: name)
    let html = disclosure.html(language, example: name)
    for text in [markdown, html] {
      #expect(text.contains(model.digest))
      #expect(text.contains(language == .english ? "What is not used" : "使用しない情報"))
      #expect(text.contains(language == .english ? "Worked example" : "計算例"))
      #expect(text.contains(language == .english ? "last two months" : "直近 2 か月"))
    }
    #expect(html.contains("<svg") && !html.contains("<script"))
    for term in NameTerm.allCases { #expect(markdown.contains("## " + term.phrase.text(in: language))) }
  }

  /// Redoes the score of an address from what the document prints and nothing else.
  @Test func theScoreOfAnAddressCanBeRedoneFromTheDocument() throws {
    let rows = [("listed-in-24", 7), ("listed-in-20", 7), ("listed-in-16", 7), ("hoster", 2)]
    let counts = ["hoster": [0, 1], "listed-in-24": [0, 1, 2, 3, 5, 10, 20]]
    let others = ["listed-in-20": [0, 1, 2, 4, 8, 16, 32], "listed-in-16": [0, 1, 4, 16, 64, 256, 1024]]
    var text = "sekisho-address-model 1\n[about]\nquality last two months\t9 0.9 0.5 0.3 0.1 0.2\n"
    text += "[thresholds]\n1\t40\n0.1\t60\n0.01\t80\n[calibration]\n0\t10\n80\t90\n[base]\n0\t3.25\n"
    for (table, count) in rows {
      text += "[\(table)]\n"
      for row in 0..<count {
        text += "\((counts[table] ?? others[table] ?? [])[row])\t\(row * count).\(row)5\n"
      }
    }
    text += "[networks]\n192.0.2\t4\n192.0.4\t9\n[hosters]\n192.0.2.0/24\n"
    let bytes = Array(text.utf8)
    let address = try #require(IPAddress("192.0.2.77"))
    let score = try #require(try AddressModel(bytes.span).score(address))
    let document = try Disclosure(model: Array(modelText().utf8), addresses: bytes).markdown(
      .english, example: try #require(example), address: address)
    func value(_ heading: String, _ row: String) throws -> Double {
      let section = try #require(
        document.components(separatedBy: "\n## ").first { $0.hasPrefix(heading + "\n") })
      let line = try #require(section.split(separator: "\n").first { $0.hasPrefix("| \(row) |") })
      return try #require(
        Double(line.split(separator: "|")[1].trimmingCharacters(in: .whitespaces)))
    }
    let sum =
      try 3.25 + value("Listed addresses in the same /24", "3 to 4")
      + value("Listed addresses in the /20, outside the /24", "8 to 15")
      + value("Listed addresses in the /16, outside the /20", "0")
      + value("Range of a hoster that is often abused", "yes")
    #expect((sum - Double(score.hundredths) / 100).magnitude < 1e-9)
    let digest = try AddressModel(bytes.span).digest
    #expect(document.contains("base value 3.25") && document.contains(digest))
    #expect(document.contains("| Sum: the score | \(String(format: "%.2f", sum)) |"))
  }

  @Test func noTextOfTheModelBecomesMarkup() throws {
    let text = modelText().replacing("quality last two months", with: "quality <b>&</b>")
    let html = try Disclosure(model: Array(text.utf8)).html(.english, example: try #require(example))
    #expect(html.contains("&lt;b&gt;&amp;&lt;/b&gt;") && !html.contains("<b>"))
  }
}
