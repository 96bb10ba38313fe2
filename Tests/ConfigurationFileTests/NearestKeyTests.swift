import ConfigurationFile
import Randomness
import Testing

@Suite struct NearestKeyTests {
  private let keys = [
    "name", "mode", "time-to-live", "maximum-time-to-live", "direction", "minimum-prefix-length", "limits",
    "allow", "protected", "minimum-confidence",
  ]

  @Test(arguments: [
    ("timeToLive", "time-to-live"), ("time_to_live", "time-to-live"), ("Allow", "allow"), ("alow", "allow"),
    ("modes", "mode"), ("limist", "limits"), ("protectd", "protected"), ("naem", "name"),
    ("minimum-prefix-lenght", "minimum-prefix-length"),
  ])
  func slipsLeadToTheKeyThatWasMeant(slip: String, meant: String) {
    #expect(NearestKey.suggestion(for: slip, among: keys) == meant)
  }

  @Test(arguments: ["colour", "x", "", "firewalls", "関所"])
  func otherWordsLeadNowhere(word: String) {
    #expect(NearestKey.suggestion(for: word, among: keys) == nil)
  }

  @Test func nothingIsSuggestedFromNothing() {
    #expect(NearestKey.suggestion(for: "name", among: [String]()) == nil)
  }

  @Test func anOverlongWordIsAnsweredWithoutComparingIt() {
    let word = String(repeating: "time-to-live", count: 100_000)
    let elapsed = ContinuousClock().measure {
      #expect(NearestKey.suggestion(for: word, among: ["a", "time-to-live"]) == nil)
    }
    #expect(elapsed < .seconds(5))
  }

  @Test func oneEditOfAKeyAlwaysLeadsBackToAKeyAtMostOneEditAway() {
    var random = SplitMix64(seed: 42)
    let letters = Array("abcdefghijklmnopqrstuvwxyz-")
    for _ in 0..<5000 {
      let key = keys.randomElement(using: &random) ?? "name"
      var slip = Array(key)
      let place = Int.random(in: 0..<slip.count, using: &random)
      let letter = letters.randomElement(using: &random) ?? "a"
      switch Int.random(in: 0..<4, using: &random) {
      case 0: slip.remove(at: place)
      case 1: slip.insert(letter, at: place)
      case 2: slip[place] = letter
      default: if place + 1 < slip.count { slip.swapAt(place, place + 1) }
      }
      // No two of the keys are within two edits of each other, so the way back is the only one.
      #expect(NearestKey.suggestion(for: String(slip), among: keys) == key, "\(key) as \(String(slip))")
    }
  }

  @Test func theOrderOfTheCandidatesDoesNotMatter() {
    var random = SplitMix64(seed: 3)
    for word in ["timetolve", "mod", "nam", "limit", "minimum-confidance", "zzz"] {
      let expected = NearestKey.suggestion(for: word, among: keys)
      for _ in 0..<20 {
        #expect(NearestKey.suggestion(for: word, among: keys.shuffled(using: &random)) == expected)
      }
    }
  }
}
