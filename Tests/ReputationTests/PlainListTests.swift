import Language
import NetworkTypes
import Reputation
import Testing

@Suite struct PlainListTests {
  @Test func addressesPrefixesAndNamesAreReadWithTheirLines() throws {
    let list = try read(
      """
      # a comment
      203.0.113.7

      ; another
      ! a third
      // a fourth
      198.51.100.99/24 ; trailing
      \t2001:db8::7  # trailing
      Bad.Example.ORG.
      """)
    #expect(list.problems.isEmpty)
    #expect(list.texts == ["203.0.113.7", "198.51.100.0/24", "2001:db8::7", "bad.example.org"])
    #expect(list.indicators.map(\.line) == [2, 7, 8, 9])
    #expect(list.indicators.allSatisfy { $0.since == nil })
  }

  @Test func portsFingerprintsAndCertificatesAreReadToo() throws {
    let sha1 = String(repeating: "0123456789ABCDEFabcd", count: 2)
    let sha256 = String(repeating: "fE:", count: 31) + "01"
    let list = try read(
      """
      203.0.113.7:443
      [2001:DB8::7]:65535
      [::ffff:203.0.113.8]:1
      t13d1516h2_8DAAF6152771_02713d6af862
      qs2i0700H2_55b375c5d22e_06cda9e17597
      \(sha1)
      \(sha256)
      """)
    #expect(list.problems.isEmpty)
    #expect(
      list.texts == [
        "203.0.113.7:443", "[2001:db8::7]:65535", "203.0.113.8:1", "t13d1516h2_8daaf6152771_02713d6af862",
        "qs2i0700H2_55b375c5d22e_06cda9e17597", sha1.lowercased(),
        String(repeating: "fe", count: 31) + "01",
      ])
    let expected: [Indicator] = [
      .addressPort(try #require(IPAddress("203.0.113.7")), port: 443),
      .certificate(try #require(CertificateHash(sha1))), .certificate(try #require(CertificateHash(sha256))),
    ]
    #expect([0, 5, 6].map { list[$0].indicator } == expected)
  }

  @Test func byteOrderMarkAndWindowsLineEndsAreNoProblem() throws {
    let list = try read([0xEF, 0xBB, 0xBF] + Array("203.0.113.7\r\nbad.example.org\r\n\r\n".utf8))
    #expect(list.texts == ["203.0.113.7", "bad.example.org"])
    #expect(list.problemCount == 0)
  }

  @Test func internationalNamesBecomeALabels() throws {
    let list = try read("日本語.example.org\nBÜCHER.example\u{3002}org\n")
    #expect(list.texts == ["xn--wgv71a119e.example.org", "xn--bcher-kva.example.org"])
  }

  @Test func aStarOrADotInFrontIncludesSubdomains() throws {
    let list = try read(
      "*.one.example\n.two.example\nthree.example\n", source(includesSubdomains: false))
    #expect(
      list.indicators.map(\.indicator) == [
        .domain(try #require(DomainName("one.example")), includingSubdomains: true),
        .domain(try #require(DomainName("two.example")), includingSubdomains: true),
        .domain(try #require(DomainName("three.example")), includingSubdomains: false),
      ])
  }

  @Test(arguments: [
    ("http://bad.example.org/x", "url"), ("bad.example.org/path", "url"),
    ("bad.example.org:8443", "name-with-port"), ("203.0.113.7:0", "not-an-indicator"),
    ("203.0.113.7:65536", "not-an-indicator"), ("203.0.113.7:", "not-an-indicator"),
    ("203.0.113.7:0443", "not-an-indicator"), ("[203.0.113.7:443", "not-an-indicator"),
    ("[2001:db8::1]443", "not-an-indicator"), ("[2001:db8::1]", "not-an-indicator"),
    ("127.0.0.1:443", "special-address"), ("[fe80::1]:443", "special-address"),
    ("10.0.0.1:443", "private-address"), (":443", "name-with-port"),
    ("x13d1516h2_8daaf6152771_02713d6af862", "top-level-domain"),
    ("t13d1516h2_8daaf615277g_02713d6af862", "top-level-domain"),
    (String(repeating: "a", count: 39), "top-level-domain"),
    (String(repeating: "a", count: 65), "not-an-indicator"),
    ("192.0.2.256", "not-an-indicator"), ("192.0.2", "not-an-indicator"),
    ("192.0.2.0/33", "not-an-indicator"), ("2001:db8::/129", "not-an-indicator"),
    ("bad..example.org", "not-an-indicator"), ("bad example.org", "unexpected-text"),
    ("b\u{0}d.example.org", "not-an-indicator"), ("example", "top-level-domain"),
    ("*.org", "top-level-domain"),
    ("*", "not-an-indicator"), (".", "not-an-indicator"), ("<html>", "not-an-indicator"),
    (String(repeating: "a", count: 64) + ".example", "not-an-indicator"),
    ("0.0.0.0/0", "too-broad"), ("128.0.0.0/7", "too-broad"), ("::/0", "too-broad"),
    ("2000::/15", "too-broad"),
    ("127.0.0.1", "special-address"), ("169.254.1.1", "special-address"), ("224.0.0.251", "special-address"),
    ("255.255.255.255", "special-address"), ("::1", "special-address"), ("fe80::1", "special-address"),
    ("::ffff:127.0.0.1", "special-address"),
    ("10.0.0.1", "private-address"), ("192.0.0.0/8", "private-address"), ("fd00::1", "private-address"),
  ])
  func aLineThatIsNoIndicatorIsToldAndSkipped(line: String, code: String) throws {
    let list = try read("203.0.113.7\n\(line)\nbad.example.org\n")
    #expect(list.faults == ["\(code)@2"])
    #expect(list.texts == ["203.0.113.7", "bad.example.org"])
  }

  @Test func theLargestAcceptedPrefixesAreAccepted() throws {
    let list = try read("198.0.0.0/8\n2001::/16\n")
    #expect(list.texts == ["198.0.0.0/8", "2001::/16"])
  }

  @Test func privateAddressesAreAcceptedWhenTheSourceSaysSo() throws {
    let list = try read("10.1.2.3\n127.0.0.1\n", source(acceptsPrivateAddresses: true))
    #expect(list.texts == ["10.1.2.3"])
    #expect(list.faults == ["special-address@2"])
  }

  @Test func aProblemNamesFileLineTextAndRemedyInBothLanguages() throws {
    let problem = try #require(try read("\nhttp://bad.example.org/x\n").problems.first)
    #expect(
      problem.message.en
        == "feed.txt:2: “http://bad.example.org/x”: a URL of one page is no indicator here: list its host "
        + "alone, or set url-hosts: true")
    #expect(problem.message.ja.hasPrefix("feed.txt:2: 「http://bad.example.org/x」: 特定のページの URL は"))
    for code in IndicatorProblem.Code.allCases {
      #expect(!code.rawValue.isEmpty)
    }
  }

  @Test func anExcerptIsEscapedAndBounded() throws {
    let list = try read(
      Array("\u{1B}[31m\\evil".utf8) + [0xFF, 0x0A] + Array(String(repeating: "é", count: 500).utf8))
    #expect(list.problems[0].excerpt == "\\x1b[31m\\x5cevil\\xff")
    #expect(list.problems[0].code == .invalidText)
    #expect(list.problems[1].excerpt.count <= IndicatorProblem.excerptLimit)
    #expect(list.problems[1].excerpt.hasSuffix("..."))
    #expect(list.problems[1].excerpt.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
  }

  @Test func anExcerptOfExactlyTheLimitIsWhole() throws {
    let line = String(repeating: "!", count: 1) + String(repeating: "a", count: 59)
    let list = try read("@" + line.dropFirst() + "\n@" + line + "\n")
    #expect(list.problems.map(\.excerpt.count) == [60, 60])
    #expect(!list.problems[0].excerpt.hasSuffix("...") && list.problems[1].excerpt.hasSuffix("..."))
  }
}
