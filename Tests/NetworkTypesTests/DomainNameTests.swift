import NetworkTypes
import Randomness
import Testing

@Suite("DomainName")
struct DomainNameTests {
  @Test("a name is read back from its own text")
  func roundTrip() throws {
    var random = SplitMix64(seed: 21)
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-_")
    for _ in 0..<10_000 {
      let text = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        String(
          (0..<Int.random(in: 1...40, using: &random)).map { _ in letters.randomElement(using: &random)! })
      }.joined(separator: ".")
      let name = try #require(DomainName(text))
      #expect(name.text == text)
      #expect(DomainName(text.uppercased() + ".") == name)
      #expect(name.labels.joined(separator: ".") == text)
    }
  }

  /// RFC 3492 section 7.1 (the samples without upper case), and names in use.
  @Test(
    "Unicode labels become the A-labels of RFC 3492",
    arguments: [
      ("他们为什么不说中文.example.org", "xn--ihqwcrb4cv8a8dqg056pqjye.example.org"),
      ("他們爲什麽不說中文.example.org", "xn--ihqwctvzc91f659drss3x8bo0yb.example.org"),
      ("почемужеонинеговорятпорусски.example.org", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.example.org"),
      (
        "なぜみんな日本語を話してくれないのか.example.org",
        "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa.example.org"
      ),
      ("3年b組金八先生.example.org", "xn--3b-ww4c5e180e575a65lsy2b.example.org"),
      ("ひとつ屋根の下2.example.org", "xn--2-u9tlzr9756bt3uc0v.example.org"),
      ("パフィーdeルンバ.example.org", "xn--de-jg4avhby1noc0d.example.org"),
      ("bücher.example.org", "xn--bcher-kva.example.org"),
      ("BÜCHER.example.org", "xn--bcher-kva.example.org"),
      ("日本語。example．org", "xn--wgv71a119e.example.org"),
    ])
  func punycode(_ unicode: String, _ expected: String) {
    #expect(DomainName(unicode)?.text == expected)
  }

  @Test(
    "what is no name is refused",
    arguments: [
      "", ".", "..", "a..b", ".a", "a b", "a/b", "a:80", "exa\u{0}mple.org", "*.example.org",
      String(repeating: "a", count: 64) + ".org",
      Array(repeating: String(repeating: "a", count: 49), count: 6).joined(separator: "."),
    ])
  func refused(_ text: String) {
    #expect(DomainName(text) == nil)
  }

  @Test("253 characters are a name, 254 are none")
  func longest() {
    let label = String(repeating: "a", count: 63)
    let longest = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
    #expect(longest.utf8.count == 253)
    #expect(DomainName(longest) != nil)
    #expect(DomainName(longest + ".") != nil)
    #expect(DomainName(longest + "a") == nil)
  }

  @Test("a name contains itself and what lies under it, on label borders only")
  func containment() throws {
    let name = try #require(DomainName("example.org"))
    #expect(name.contains(name))
    #expect(name.contains(try #require(DomainName("www.Example.org"))))
    #expect(!name.contains(try #require(DomainName("badexample.org"))))
    #expect(!name.contains(try #require(DomainName("org"))))
    #expect(DomainName("a.example.org")?.parent == name)
    #expect(DomainName("org")?.parent == nil)
  }

  @Test("hostile text is refused or becomes a valid name, never a crash")
  func hostileText() {
    var random = SplitMix64(seed: 22)
    for _ in 0..<5_000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...80, using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text.append(Unicode.Scalar(UInt8.random(in: 0...127, using: &random)))
        case 1: text.append("abc.xn--".unicodeScalars.randomElement(using: &random)!)
        case 2: text.append(Unicode.Scalar(UInt16.random(in: 0...0xD7FF, using: &random)) ?? "x")
        default: text.append(Unicode.Scalar(UInt32.random(in: 0x1_0000...0x10_FFFF, using: &random)) ?? "x")
        }
      }
      if let name = DomainName(String(text)) {
        let isValid = DomainName.isValid(name.text.utf8Span.span)
        #expect(isValid)
        #expect(DomainName(name.text) == name)
      }
    }
  }
}
