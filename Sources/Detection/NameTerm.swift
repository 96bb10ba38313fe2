public import Language

/// A table of the name model. Each has one value for a name; the values' sum is the score of a head.
public enum NameTerm: Int, Hashable, Sendable, CaseIterable {
  case base, suffix, topLevel, suffixKind, topLevelLength
  case length, digits, hyphens, digitRun, vowelShare, consonantRun, vowelRun, entropy, distinct
  case unusualMean, unusualWorst, unusualSum, wordCover, words
  case skeleton, ends, endings, tokens, ngrams

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
    case .skeleton: "skeleton"
    case .ends: "ends"
    case .endings: "endings"
    case .tokens: "tokens"
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
    case .suffix, .topLevel, .skeleton, .ends, .endings, .tokens, .ngrams: nil
    }
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
    case .skeleton: Phrase(en: "Skeleton of letters and digits", ja: "英字・数字の並びの型")
    case .ends: Phrase(en: "First and last kind of character", ja: "先頭と末尾の文字種")
    case .endings: Phrase(en: "Beginnings and endings together with the suffix", ja: "語頭・語尾とサフィックスの組")
    case .tokens: Phrase(en: "Words between hyphens", ja: "ハイフンで区切られた語")
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
