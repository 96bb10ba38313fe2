import Detection
import Language

/// How the row of a table is found for a name.
enum TableMeaning {
  static func phrase(_ term: NameTerm) -> Phrase {
    switch term {
    case .base: Phrase(en: "Row 0 for every name.", ja: "すべての名前で行 0 を使います。")
    case .suffix: Phrase(en: "The suffix of the registered domain.", ja: "登録ドメインのサフィックスで引きます。")
    case .topLevel: Phrase(en: "The last label.", ja: "最後のラベルで引きます。")
    case .suffixKind:
      Phrase(
        en:
          "8 × kind (0 registry, 1 free hosting, 2 dynamic DNS, 3 shared domain) + 2 × dots in the suffix (at most "
          + "3) + 1 if the last label has two letters.",
        ja: "8 × 種別（0 レジストリー、1 無料ホスティング、2 ダイナミック DNS、3 共用ドメイン）＋ 2 × サフィックス内のドット数（最大 3）＋"
          + "最後のラベルが 2 文字なら 1。")
    case .topLevelLength: Phrase(en: "Characters of the last label, at most 12.", ja: "最後のラベルの文字数（最大 12）。")
    case .length: Phrase(en: "Characters of the label, at most 40.", ja: "ラベルの文字数（最大 40）。")
    case .digits: Phrase(en: "Digits in the label, at most 12.", ja: "ラベル中の数字の個数（最大 12）。")
    case .hyphens: Phrase(en: "Hyphens and underscores, at most 6.", ja: "ハイフンと下線の個数（最大 6）。")
    case .digitRun: Phrase(en: "At most 10.", ja: "最大 10。")
    case .vowelShare:
      Phrase(
        en: "20 × vowels (a e i o u) / letters, whole part, plus 1; 0 without letters.",
        ja: "20 × 母音（a e i o u）÷ 英字数の整数部＋1。英字がなければ 0。")
    case .consonantRun: Phrase(en: "At most 10.", ja: "最大 10。")
    case .vowelRun: Phrase(en: "At most 6.", ja: "最大 6。")
    case .entropy:
      Phrase(
        en: "Entropy of the characters in bits × 6, whole part (logarithms in 1/1024, rounded down).",
        ja: "文字のエントロピー（ビット）× 6 の整数部（対数は 1/1024 単位で切り捨て）。")
    case .distinct: Phrase(en: "At most 24.", ja: "最大 24。")
    case .unusualMean:
      Phrase(
        en:
          "Each character, and the end, has a cost after the two before it (section [characters], in 1/32 nat). Sum "
          + "of the costs × 3 / (8 × (length + 1)), whole part, at most 95.",
        ja: "各文字と末尾には、直前の 2 文字に応じた値があります（[characters]、単位 1/32 nat）。値の合計 × 3 ÷（8 ×（文字数＋1））の整数部（最大 95）。")
    case .unusualWorst:
      Phrase(
        en: "The largest sum of the costs of six in a row / 16, whole part, at most 60.",
        ja: "連続する 6 個の値の合計の最大値 ÷ 16 の整数部（最大 60）。")
    case .unusualSum:
      Phrase(en: "Sum of the costs / 64, whole part, at most 60.", ja: "値の合計 ÷ 64 の整数部（最大 60）。")
    case .wordCover:
      Phrase(
        en:
          "Known words (section [known-words]) laid without overlap so that they cover the most characters: 12 × "
          + "covered / letters, whole part.",
        ja: "既知の単語（[known-words]）を重ならず最も多くの文字を覆うように並べ、12 × 覆った文字数 ÷ 英字数の整数部。")
    case .words:
      Phrase(
        en:
          "8 × number of words so laid (the fewest, at most 6) + letters left over / 3, whole part, at most 3.",
        ja: "8 × 並べた単語の数（最少の並べ方、最大 6）＋ 残った英字数 ÷ 3 の整数部（最大 3）。")
    case .skeleton:
      Phrase(
        en:
          "Runs of letters (L, at most 20), digits (D, 9) and hyphens (-, 9) with their lengths; a second entry "
          + "with the last label after a dot.",
        ja: "英字（L、最大 20）・数字（D、最大 9）・ハイフン（-、最大 9）の連続をその長さとともに並べたもの。ドットと最後のラベルを付けたものも引きます。")
    case .ends:
      Phrase(
        en: "First and last character: vowel V, consonant C, digit D, hyphen -.",
        ja: "先頭と末尾の文字。母音 V、子音 C、数字 D、ハイフン -。")
    case .endings:
      Phrase(
        en:
          "The last one to four characters with a dot and the last label; the last one to three with two dots and a "
          + "suffix of several labels; ^ and the first two to four with a dot and the last label.",
        ja: "末尾 1〜4 文字＋ドット＋最後のラベル、末尾 1〜3 文字＋ドット 2 個＋複数ラベルのサフィックス、^＋先頭 2〜4 文字＋ドット＋最後のラベル。")
    case .tokens:
      Phrase(
        en: "In labels with hyphens, each part of two characters or more.",
        ja: "ハイフンを含むラベルで、区切られた 2 文字以上の各部分。")
    case .ngrams:
      Phrase(
        en:
          "All sequences of one to five characters of ^label$, where ^ is the beginning and $ the end, except ^ "
          + "and $ alone; one that occurs twice counts twice.",
        ja: "^ラベル$（^ は先頭、$ は末尾）に現れる 1〜5 文字の並びすべて（^ だけ、$ だけは除く）。2 回現れれば 2 回数えます。")
    }
  }
}
