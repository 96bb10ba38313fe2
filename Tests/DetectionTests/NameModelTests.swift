import Detection
import Language
import NetworkTypes
import Testing

/// A model small enough to check by hand.
func smallModel(
  extra: String = "", characters: String? = nil, thresholds: String = "1\t40.00\n0.1\t60.00\n0.01\t80.00\n"
) throws -> NameModel {
  try NameModel(Array(smallModelText(extra: extra, characters: characters, thresholds: thresholds).utf8).span)
}

func smallModelText(
  extra: String = "", characters: String? = nil, thresholds: String = "1\t40.00\n0.1\t60.00\n0.01\t80.00\n"
) -> String {
  let alphabet = Array("^abcdefghijklmnopqrstuvwxyz0123456789-")
  let costs = Array(repeating: "32", count: 38).joined(separator: " ")
  let table = alphabet.flatMap { first in alphabet.map { "\(first)\($0)\t\(costs)\n" } }.joined()
  return """
    sekisho-name-model 2
    [thresholds]
    \(thresholds)
    [calibration]
    0\t10.00
    80.00\t90.00
    [base]
    0\t-10.00\t-50.00
    [suffix]
    top\t20.50\t5
    dyn.example\t30\t0
    [suffix-kind]
    16\t7\t0
    18\t7\t0
    [length]
    5\t1.25\t-1
    16\t2\t99
    [hyphens]
    1\t3\t0
    [tokens]
    login\t50\t0
    [ngrams]
    ^a\t1.11\t0.50
    log\t4\t-2
    n-\t-0.01\t0
    aaaaa\t1\t1
    [skeleton]
    L5-1L4.top\t9\t0
    [characters]
    \(characters ?? table)
    [known-words]
    login
    bank
    [suffixes]
    dyn.example\t2
    co.example\t0
    \(extra)
    """
}

@Suite struct NameModelTests {
  private func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

  @Test func aScoreIsTheSumAPersonFindsInTheTables() throws {
    let model = try smallModel()
    // -10 base, 20.50 .top, 3 one hyphen, 50 token, 9 skeleton; sequences 4 - 0.01 for a label of ten.
    #expect(try #require(model.score(try name("login-bank.top"))).naming == 7649)
    // One character more: the sequences count 10/11, cut towards zero, and the skeleton is another.
    #expect(try #require(model.score(try name("login-banks.top"))).naming == 6350 + 399 * 10 / 11)
  }

  @Test func aTableOfTwoShapesIsLookedUpByRowAndColumn() throws {
    let plain = try smallModel()
    func more(_ section: String) throws -> Int {
      let model = try smallModel(extra: section)
      let both = try [model, plain].map { try #require($0.score(try name("login-bank.top"))).naming }
      return both[0] - both[1]
    }
    #expect(try more("[length-digits]\n10,0\t3\t0\n9,0\t50\t0\n10,1\t50\t0") == 300)
    // The last letter of the alphabet is o, the 15th; no digit stands anywhere.
    #expect(try more("[highest-letter]\n15,2\t1.50\t0\n[switches]\n0,0\t0.25\t0") == 175)
    // `gin-b` has a stretch of three (g-i-n), `ban` another.
    #expect(try more("[length-alternation]\n10,5\t4\t0\n10,3\t9\t0") == 400)
    #expect(try more("[length-rare-letters]\n10,1\t2\t0") == 200)
    #expect(try more("[suffix-pairs]\ntop l10\t1\t0\ntop h1\t2\t0\ntop d0\t4\t0\ntop l9\t8\t0") == 700)
    // A word of five letters is shown, one of four is not.
    #expect(try more("[laid-words]\nlogin\t6\t0\nbank\t7\t0") == 600)
  }

  /// Of the seven sequences of four in `login-bank`, one is frequent and one seldom; five are unknown.
  @Test func anUnfamiliarSequenceCountsTwoAndASeldomOneOne() throws {
    let model = try smallModel(
      extra: "[familiar-sequences]\nlog\ti\t\nogi\tx\tn\n[length-unfamiliar]\n10,11\t5\t0\n10,14\t1\t0")
    let plain = try #require(try smallModel().score(try name("login-bank.top")))
    #expect(try #require(model.score(try name("login-bank.top"))).naming == plain.naming + 500)
  }

  @Test func onlyTheRegisteredDomainCounts() throws {
    let model = try smallModel()
    let score = try #require(model.score(try name("login-bank.top")))
    for above in ["www", "a.b.c", "login.login"] {
      let longer = try #require(model.score(try name("\(above).login-bank.top")))
      #expect(longer.naming == score.naming && longer.generated == score.generated)
    }
    let explanation = try #require(model.explanation(of: try name("x.y.login-bank.top")))
    #expect(explanation.registered == "login-bank.top")
  }

  @Test func theLongestKnownSuffixWinsAndASuffixItselfIsMarked() throws {
    let model = try smallModel()
    let under = try #require(model.score(try name("abcde.dyn.example")))
    #expect(under.domain.kind == .dynamicDNS && !under.domain.isSharedSuffix)
    // Base, suffix, kind, length of five and the sequence `^a`.
    #expect(under.naming == -1000 + 3000 + 700 + 125 + 111)
    #expect(try #require(model.score(try name("dyn.example"))).domain.isSharedSuffix)
    #expect(model.score(try name("localhost")) == nil)
  }

  @Test func theLargerSumIsTheScore() throws {
    let score = try #require(try smallModel().score(try name("aaaaaaaaaaaaaaaa.top")))
    #expect(score.generated > score.naming)
    #expect(score.head == .generated && score.hundredths == score.generated)
  }

  /// For every name, whatever it looks like: the terms add up to the score exactly.
  @Test func theTermsOfEveryNameAddUpToItsScore() throws {
    let model = try smallModel()
    var state: UInt64 = 11
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let alphabet = Array("abcdeilnogk0123456789-_")
    for _ in 0..<3000 {
      let label = String((0...random(62)).map { _ in alphabet[random(alphabet.count)] })
      let name = try name("\(label).\(["top", "dyn.example", "co.example", "com"][random(4)])")
      let score = try #require(model.score(name))
      for head in NameHead.allCases {
        let explanation = try #require(model.explanation(of: name, head: head))
        #expect(explanation.sum == (head == .naming ? score.naming : score.generated), "\(name)")
        for term in explanation.terms where term.table != .ngrams {
          #expect(term.value == term.entries.reduce(0) { $0 + $1.value })
        }
      }
    }
  }

  @Test func theTypeThatIsScoredHasNoFieldForTheClient() throws {
    let score = try #require(try smallModel().score(try name("login-bank.top")))
    let fields = Mirror(reflecting: score.domain).children.map { $0.label ?? "" }
    #expect(fields == ["label", "suffix", "kind", "isSharedSuffix"])
  }

  @Test func theProbabilityLiesOnTheStraightLinesOfTheTable() throws {
    let model = try smallModel()
    let score = try #require(model.score(try name("login-bank.top")))
    #expect((model.probability(score) - (0.1 + 0.8 * 76.49 / 80)).magnitude < 1e-12)
    #expect(model.probability(try #require(model.score(try name("x.com")))) == 0.1)
  }

  @Test func theIdentifierIsTheHashOfTheFile() throws {
    let model = try smallModel()
    #expect(model.identifier == "names-2 " + model.digest.prefix(12))
    #expect(try smallModel() == model)
    #expect(try smallModel(extra: "net.example\t0") != model)
  }

  @Test(arguments: [
    ("", ModelFileError.Code.unknownFormat), ("sekisho-name-model 9\n", .unknownFormat),
    ("sekisho-name-model 2\n", .incomplete), ("sekisho-name-model 2\nx\t1\n", .malformed),
    ("sekisho-name-model 2\n[nonsense]\n", .malformed),
    ("sekisho-name-model 2\n[base]\n0\t1.234\t0\n", .malformed),
    ("sekisho-name-model 2\n[length]\n99\t1\t0\n", .malformed),
    ("sekisho-name-model 2\n[length]\n1,0\t1\t0\n", .malformed),
    ("sekisho-name-model 2\n[length-digits]\n7\t1\t0\n", .malformed),
    ("sekisho-name-model 2\n[length-digits]\n7,13\t1\t0\n", .malformed),
    ("sekisho-name-model 2\n[length-digits]\n7,-1\t1\t0\n", .malformed),
    ("sekisho-name-model 2\n[length-digits]\n99999999999999999999,1\t1\t0\n", .malformed),
    ("sekisho-name-model 2\n[familiar-sequences]\nab\tc\t\n", .malformed),
    ("sekisho-name-model 2\n[ngrams]\nab\t1\t0\nab\t1\t0\n", .duplicate),
    ("sekisho-name-model 2\n[characters]\nab\t1 2 3\n", .malformed),
  ])
  func aDamagedFileIsRefused(text: String, code: ModelFileError.Code) {
    #expect { try NameModel(Array(text.utf8).span) } throws: { ($0 as? ModelFileError)?.code == code }
  }
}

@Suite struct ContentDigestTests {
  /// Examples of FIPS 180-2, appendix B.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func theDigestIsThatOfTheStandard(text: String, digest: String) {
    #expect(ContentDigest.hexadecimal(of: Array(text.utf8).span) == digest)
  }
}
