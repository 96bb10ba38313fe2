public import Language

extension Verdict {
  /// The verdict told to people: outcome, score and threshold, every summand with its source, the sum.
  ///
  /// Several lines of at most so many terminal columns, without a final line end.
  public func explanation(in language: Language, columns: Int = 80) -> String {
    var lines = TextLayout.lines(of: headline.text(in: language), columns: columns)
    lines += TextLayout.lines(of: comparison.text(in: language), columns: columns)
    if !terms.isEmpty {
      lines.append("")
      for term in terms { lines += Self.lines(term.value, term.sentence.text(in: language), columns) }
      lines.append("  " + String(repeating: "-", count: Self.valueColumns))
      lines += Self.lines(score, Phrase(en: "sum: the score", ja: "合計（評価値）").text(in: language), columns)
    }
    lines.append("")
    lines += TextLayout.lines(of: closing.text(in: language), columns: columns)
    return lines.joined(separator: "\n")
  }

  private static let valueColumns = 8

  private var headline: Phrase {
    let subject = destination.description
    return switch outcome {
    case .block: Phrase(en: "Block: \(subject)", ja: "遮断: \(subject)")
    case .report: Phrase(en: "Report: \(subject)", ja: "報告: \(subject)")
    case .none: Phrase(en: "No action: \(subject)", ja: "対応なし: \(subject)")
    }
  }

  private var comparison: Phrase {
    guard !terms.isEmpty else {
      return basis == nil
        ? Phrase(en: "No source lists this destination.", ja: "この宛先を掲載している情報源はありません。")
        : destination.name == nil
          ? Phrase(
            en: "No source lists this destination, and nothing around its address is conspicuous.",
            ja: "この宛先を掲載している情報源はなく、アドレスの周辺にも目立つ点はありません。")
          : Phrase(
            en: "No source lists this destination, and its name is not conspicuous.",
            ja: "この宛先を掲載している情報源はなく、名前にも目立つ特徴はありません。")
    }
    let score = TextLayout.hundredths(score)
    let block = TextLayout.hundredths(threshold)
    let report = TextLayout.hundredths(reportThreshold)
    let unlisted =
      evidence.isEmpty
      ? Phrase(en: "No source lists this destination. ", ja: "この宛先を掲載している情報源はありません。")
      : Phrase(verbatim: "")
    let told: Phrase =
      switch outcome {
      case .block:
        Phrase(
          en: "The score of \(score) reaches the block threshold of \(block).",
          ja: "評価値 \(score) が遮断のしきい値 \(block) に達しています。")
      case .report:
        Phrase(
          en: "The score of \(score) is below the block threshold of \(block) and reaches the report "
            + "threshold of \(report).",
          ja: "評価値 \(score) は遮断のしきい値 \(block) 未満ですが、報告のしきい値 \(report) に達しています。")
      case .none:
        Phrase(
          en: "The score of \(score) is below the report threshold of \(report).",
          ja: "評価値 \(score) は報告のしきい値 \(report) に達していません。")
      }
    return Phrase(en: unlisted.en + told.en, ja: unlisted.ja + told.ja)
  }

  private var closing: Phrase {
    Phrase(
      en: "Model \(model). Only the destination was judged; nothing about the terminal or its user "
        + "entered the score.",
      ja: "モデル \(model)。判定対象は宛先だけで、端末や利用者の情報は使っていません。")
  }

  /// A value right-aligned, its sentence beside it.
  private static func lines(_ value: Double, _ text: String, _ columns: Int) -> [String] {
    let number = TextLayout.hundredths(value)
    let margin = 2 + valueColumns + 2
    let first = String(repeating: " ", count: max(0, 2 + valueColumns - number.count)) + number + "  "
    return TextLayout.lines(of: text, columns: columns - margin).enumerated().map { position, line in
      (position == 0 ? first : String(repeating: " ", count: margin)) + line
    }
  }
}
