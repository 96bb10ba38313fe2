/// Finds the known word that a misspelt one was meant to be.
public enum NearestKey {
  /// The candidate with the fewest edits, if it is near enough to be a slip: at most a third of the
  /// word's length, and at least one edit allowed.
  public static func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let folded = fold(word)
    let limit = max(1, word.count / 3)
    // A difference in length is at least as many edits: what is too far by that is not compared.
    let scored = candidates.compactMap { candidate -> (edits: Int, word: String)? in
      let other = fold(candidate)
      guard abs(other.count - folded.count) <= limit else { return nil }
      let count = edits(from: folded, to: other)
      return count <= limit ? (count, candidate) : nil
    }
    return scored.min { ($0.edits, $0.word) < ($1.edits, $1.word) }?.word
  }

  /// `timeToLive`, `time_to_live` and `time-to-live` are one word to a person.
  private static func fold(_ word: String) -> [Character] {
    word.lowercased().filter { $0 != "-" && $0 != "_" }
  }

  /// Insertions, deletions, replacements and swaps of neighbours (restricted Damerau-Levenshtein).
  private static func edits(from a: [Character], to b: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
