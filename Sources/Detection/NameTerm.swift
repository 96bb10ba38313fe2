public import Language

/// A table of the name model. Each has one value for a name; the values' sum is the score of a head.
public enum NameTerm: Int, Hashable, Sendable, CaseIterable {
  case base, suffix, topLevel, suffixKind, topLevelLength
  case length, digits, hyphens, digitRun, vowelShare, consonantRun, vowelRun, entropy, distinct
  case unusualMean, unusualWorst, unusualSum, wordCover, words
  case lengthUnusual, lengthUnfamiliar, lengthCover, lengthVowels, lengthDistinct, lengthDigits
  case lengthAlternation, lengthRareLetters, highestLetter, usualBest, switches, doubles
  case skeleton, ends, endings, tokens, laidWords, suffixPairs, ngrams

  /// The name of the table in the model file.
  public var identifier: String {
    switch self {
    case .base: "base"
    case .suffix: "suffix"
    case .topLevel: "top-level"
    case .suffixKind: "suffix-kind"
    case .topLevelLength: "top-level-length"
    case .length: "length"
    case .digits: "digits"
    case .hyphens: "hyphens"
    case .digitRun: "digit-run"
    case .vowelShare: "vowel-share"
    case .consonantRun: "consonant-run"
    case .vowelRun: "vowel-run"
    case .entropy: "entropy"
    case .distinct: "distinct"
    case .unusualMean: "unusual-mean"
    case .unusualWorst: "unusual-worst"
    case .unusualSum: "unusual-sum"
    case .wordCover: "word-cover"
    case .words: "words"
    case .lengthUnusual: "length-unusual"
    case .lengthUnfamiliar: "length-unfamiliar"
    case .lengthCover: "length-cover"
    case .lengthVowels: "length-vowels"
    case .lengthDistinct: "length-distinct"
    case .lengthDigits: "length-digits"
    case .lengthAlternation: "length-alternation"
    case .lengthRareLetters: "length-rare-letters"
    case .highestLetter: "highest-letter"
    case .usualBest: "usual-best"
    case .switches: "switches"
    case .doubles: "doubles"
    case .skeleton: "skeleton"
    case .ends: "ends"
    case .endings: "endings"
    case .tokens: "tokens"
    case .laidWords: "laid-words"
    case .suffixPairs: "suffix-pairs"
    case .ngrams: "ngrams"
    }
  }

  /// How many bins a table by number has; `nil` for a table by text.
  public var binCount: Int? {
    switch self {
    case .base: 1
    case .suffixKind: 32
    case .topLevelLength: 13
    case .length: 41
    case .digits: 13
    case .hyphens: 7
    case .digitRun, .consonantRun: 11
    case .vowelShare: 22
    case .vowelRun: 7
    case .entropy: 32
    case .distinct: 25
    case .unusualMean: 96
    case .unusualWorst, .unusualSum: 61
    case .wordCover: 13
    case .words: 56
    case .lengthUnusual, .lengthUnfamiliar, .lengthCover, .lengthVowels, .lengthDistinct, .lengthDigits,
      .lengthAlternation, .lengthRareLetters:
      25 * (columns ?? 1)
    case .highestLetter: 27 * 7
    case .switches: 10 * 10
    case .usualBest: 61
    case .doubles: 6
    case .suffix, .topLevel, .skeleton, .ends, .endings, .tokens, .laidWords, .suffixPairs, .ngrams: nil
    }
  }

  /// How many columns a table of two shapes has; `nil` for the others. Its bin is row × columns + column.
  public var columns: Int? {
    switch self {
    case .lengthUnusual: 24
    case .lengthUnfamiliar: 49
    case .lengthCover, .lengthDigits: 13
    case .lengthVowels: 12
    case .lengthDistinct: 25
    case .lengthAlternation: 17
    case .lengthRareLetters: 9
    case .highestLetter: 7
    case .switches: 10
    default: nil
    }
  }

  /// A bin as it stands in the model file: `7`, or `12,3` for row 12 and column 3.
  public func row(_ bin: Int) -> String {
    guard let columns else { return String(bin) }
    return "\(bin / columns),\(bin % columns)"
  }

  /// The bin of a row as it stands in the model file; `nil` when the table has no such row.
  package func bin(_ row: String) -> Int? {
    let parts = row.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let bin: Int
    switch (columns, parts.count) {
    case (nil, 1): bin = parts[0] ?? -1
    case (let columns?, 2):
      guard let row = parts[0], let column = parts[1], row >= 0, row < 1000, (0..<columns).contains(column)
      else { return nil }
      bin = row * columns + column
    default: return nil
    }
    return (0..<(binCount ?? 0)).contains(bin) ? bin : nil
  }

  /// What the table is about, as a person reads it.
  public var phrase: Phrase {
    switch self {
    case .base: Phrase(en: "Base value, the same for every name", ja: "基礎点（すべての名前に共通）")
    case .suffix: Phrase(en: "Public suffix", ja: "公開サフィックス")
    case .topLevel: Phrase(en: "Top-level domain", ja: "トップレベルドメイン")
    case .suffixKind: Phrase(en: "Kind of suffix", ja: "サフィックスの種別")
    case .topLevelLength: Phrase(en: "Length of the top-level domain", ja: "トップレベルドメインの文字数")
    case .length: Phrase(en: "Length of the label", ja: "ラベルの文字数")
    case .digits: Phrase(en: "Number of digits", ja: "数字の個数")
    case .hyphens: Phrase(en: "Number of hyphens", ja: "ハイフンの個数")
    case .digitRun: Phrase(en: "Longest run of digits", ja: "連続する数字の最大長")
    case .vowelShare: Phrase(en: "Share of vowels among the letters", ja: "英字に占める母音の割合")
    case .consonantRun: Phrase(en: "Longest run of consonants", ja: "連続する子音の最大長")
    case .vowelRun: Phrase(en: "Longest run of vowels", ja: "連続する母音の最大長")
    case .entropy: Phrase(en: "Entropy of the characters", ja: "文字のエントロピー")
    case .distinct: Phrase(en: "Number of different characters", ja: "異なる文字の種類数")
    case .unusualMean:
      Phrase(en: "Unusual sequences of characters, mean", ja: "文字の並びの珍しさ（平均）")
    case .unusualWorst:
      Phrase(en: "Unusual sequences of characters, worst six in a row", ja: "文字の並びの珍しさ（連続 6 文字の最大）")
    case .unusualSum: Phrase(en: "Unusual sequences of characters, sum", ja: "文字の並びの珍しさ（合計）")
    case .wordCover: Phrase(en: "Share covered by known words", ja: "既知の単語で覆われる割合")
    case .words: Phrase(en: "Number of known words and the letters left over", ja: "既知の単語の数と残りの文字数")
    case .lengthUnusual:
      Phrase(en: "Length together with unusual sequences, mean", ja: "文字数と、文字の並びの珍しさ（平均）の組")
    case .lengthUnfamiliar:
      Phrase(en: "Length together with unfamiliar sequences of four", ja: "文字数と、見慣れない 4 文字の並びの数の組")
    case .lengthCover:
      Phrase(en: "Length together with the share of known words", ja: "文字数と、既知の単語で覆われる割合の組")
    case .lengthVowels: Phrase(en: "Length together with the share of vowels", ja: "文字数と母音の割合の組")
    case .lengthDistinct:
      Phrase(en: "Length together with the number of different characters", ja: "文字数と異なる文字の種類数の組")
    case .lengthDigits: Phrase(en: "Length together with the number of digits", ja: "文字数と数字の個数の組")
    case .lengthAlternation:
      Phrase(
        en: "Length together with the longest alternation of consonants and vowels",
        ja: "文字数と、子音・母音が交互に続く最大長の組")
    case .lengthRareLetters:
      Phrase(en: "Length together with the number of rare letters", ja: "文字数と、まれな文字の個数の組")
    case .highestLetter:
      Phrase(en: "Last letter of the alphabet that occurs, with the length", ja: "使われている最後のアルファベットと文字数の組")
    case .usualBest:
      Phrase(en: "Unusual sequences of characters, best six in a row", ja: "文字の並びの珍しさ（連続 6 文字の最小）")
    case .switches:
      Phrase(
        en: "Changes between letters and digits, with the number of digits", ja: "英字と数字の切り替わりの回数と数字の個数の組")
    case .doubles: Phrase(en: "Characters that follow themselves", ja: "同じ文字が続く箇所の数")
    case .skeleton: Phrase(en: "Skeleton of letters and digits", ja: "英字・数字の並びの型")
    case .ends: Phrase(en: "First and last kind of character", ja: "先頭と末尾の文字種")
    case .endings: Phrase(en: "Beginnings and endings together with the suffix", ja: "語頭・語尾とサフィックスの組")
    case .tokens: Phrase(en: "Words between hyphens", ja: "ハイフンで区切られた語")
    case .laidWords: Phrase(en: "Known words in the label", ja: "ラベルに含まれる既知の単語")
    case .suffixPairs:
      Phrase(en: "Suffix together with the shape of the label", ja: "サフィックスとラベルの形の組")
    case .ngrams: Phrase(en: "Sequences of one to five characters", ja: "1〜5 文字の並び")
    }
  }
}

/// The two sums of the name model. A name's score is the larger one.
public enum NameHead: String, Hashable, Sendable, Codable, CaseIterable {
  /// Names chosen by people who mean harm, and the reputation of their suffixes.
  case naming
  /// Names made by a program (domain generation algorithms).
  case generated

  public var phrase: Phrase {
    switch self {
    case .naming: Phrase(en: "malicious naming", ja: "悪性の命名")
    case .generated: Phrase(en: "generated name", ja: "自動生成された名前")
    }
  }
}
