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
    case .lengthUnusual:
      pair(Phrase(en: "unusual-mean / 4, whole part, at most 23", ja: "unusual-mean の行番号 ÷ 4 の整数部（最大 23）"))
    case .lengthUnfamiliar:
      pair(
        Phrase(
          en:
            "unfamiliar sequences of four characters of the label (section [familiar-sequences]): 1 for each "
            + "that is listed after the second tab, 2 for each that is not listed, together at most 48",
          ja: "ラベル中の 4 文字の並びのうち、[familiar-sequences] で 2 つ目のタブの後にあるものは 1、載っていないものは 2 と数えた合計（最大 48）"))
    case .lengthCover: pair(Phrase(en: "the row of word-cover", ja: "word-cover の行番号"))
    case .lengthVowels:
      pair(
        Phrase(
          en: "10 × vowels / letters, whole part, plus 1; 0 without letters",
          ja: "10 × 母音 ÷ 英字数の整数部＋1（英字がなければ 0）"))
    case .lengthDistinct: pair(Phrase(en: "different characters, at most 24", ja: "異なる文字の種類数（最大 24）"))
    case .lengthDigits: pair(Phrase(en: "digits, at most 12", ja: "数字の個数（最大 12）"))
    case .lengthAlternation:
      pair(
        Phrase(
          en:
            "letters of the longest stretch in which vowels (a e i o u) and consonants take turns, at most 16",
          ja: "母音（a e i o u）と子音が交互に続く最も長い部分の文字数（最大 16）"))
    case .lengthRareLetters:
      pair(Phrase(en: "letters j k q v w x y z, at most 8", ja: "j k q v w x y z の個数（最大 8）"))
    case .highestLetter:
      Phrase(
        en:
          "Row: the last letter of the alphabet that occurs (a is 1; 0 without letters). Column: length / 4, "
          + "whole part, at most 6. Written “row,column”.",
        ja: "行: 使われている文字のうちアルファベット順で最後のもの（a が 1、英字がなければ 0）。列: 文字数 ÷ 4 の整数部（最大 6）。「行,列」と書きます。")
    case .usualBest:
      Phrase(
        en: "The smallest sum of the costs of six in a row / 16, whole part, at most 60.",
        ja: "連続する 6 個の値の合計の最小値 ÷ 16 の整数部（最大 60）。")
    case .switches:
      Phrase(
        en:
          "Row: places where a digit stands beside something else, at most 9. Column: digits, at most 9. Written "
          + "“row,column”.",
        ja: "行: 数字とそれ以外が隣り合う箇所の数（最大 9）。列: 数字の個数（最大 9）。「行,列」と書きます。")
    case .doubles:
      Phrase(en: "Characters equal to the one before, at most 5.", ja: "直前と同じ文字の個数（最大 5）。")
    case .laidWords:
      Phrase(
        en: "Each known word of five letters or more among those laid for word-cover.",
        ja: "word-cover で並べた既知の単語のうち 5 文字以上のもの。")
    case .suffixPairs:
      Phrase(
        en:
          "The suffix, a space, and l with the length (at most 24), u with unusual-mean / 6 (at most 15), w with "
          + "word-cover / 2, d with the digits (at most 6), h with the hyphens (at most 3): five entries.",
        ja: "サフィックスと空白に、l＋文字数（最大 24）、u＋unusual-mean の行番号 ÷ 6（最大 15）、w＋word-cover の行番号 ÷ 2、d＋数字の個数（最大 6）、"
          + "h＋ハイフンの個数（最大 3）を続けた 5 項目。")
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
  /// Of a table of two shapes whose rows are lengths.
  private static func pair(_ column: Phrase) -> Phrase {
    Phrase(
      en: "Row: characters of the label, at most 24. Column: \(column.en). Written “row,column”.",
      ja: "行: ラベルの文字数（最大 24）。列: \(column.ja)。「行,列」と書きます。")
  }
}
