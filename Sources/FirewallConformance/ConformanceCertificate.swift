import FirewallKit
public import Language
public import NetworkTypes

/// What was tried on one firewall and what was seen, dated: the proof that automatic blocking was verified
/// there. It vouches for the device as it was then.
public struct ConformanceCertificate: Sendable, Codable, Equatable {
  /// The version of this form.
  public var form: Int
  /// The version of Sekisho that tried it.
  public var program: String
  public var startedAt: Timestamp
  public var finishedAt: Timestamp
  /// Whether every law held that applies to the adapter.
  public var holds: Bool
  public var report: ConformanceReport

  public init(_ report: ConformanceReport, program: String, startedAt: Timestamp, finishedAt: Timestamp) {
    form = 1
    self.program = program
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    holds = report.holds
    self.report = report
  }

  /// The certificate for people, in Markdown.
  public func text(in language: Language) -> String {
    func text(_ en: String, _ ja: String) -> String { Phrase(en: en, ja: ja).text(in: language) }
    let manifest = report.manifest
    let (held, broken) = (report.lines.count { $0.finding == .held }, report.broken.count)
    let others = report.lines.count - held - broken
    let sum = text(
      "\(held) laws held, \(broken) broken, \(others) do not apply.",
      "成立 \(held) 件、不成立 \(broken) 件、対象外 \(others) 件。")
    var lines = [
      "# " + text("Verification of a firewall adapter", "ファイアウォール連携の検証書"), "",
      holds
        ? text(
          "**Every law that applies held: blocks on this firewall are made, read back and taken back as promised.**",
          "**該当するすべての要件が成立しました。このファイアウォールでは、遮断・読み戻し・取り消しが保証どおりに動作します。**")
        : text(
          "**At least one law was broken: do not block with this firewall.**",
          "**成立しない要件があります。このファイアウォールを遮断に使用しないでください。**"), "",
      sum, "", "| | |", "|---|---|",
      "| " + text("firewall", "ファイアウォール") + " | \(report.subject) |",
      "| " + text("adapter", "アダプター") + " | \(manifest.name)（\(manifest.summary.text(in: language))） |",
      "| " + text("contract", "アダプター契約の版") + " | \(manifest.contract) |",
      "| " + text("begun", "開始") + " | \(startedAt.toSeconds) |",
      "| " + text("ended", "終了") + " | \(finishedAt.toSeconds) |",
      "| " + text("program", "プログラム") + " | sekisho \(program) |", "",
      "| " + text("finding", "結果") + " | " + text("law", "要件") + " | " + text("seconds", "秒") + " |",
      "|---|---|---:|",
    ]
    for line in report.lines {
      let (word, because) = Self.words(line.finding)
      var statement = line.statement.text(in: language) + " (`\(line.law)`)"
      if let because { statement += ": " + because.text(in: language) }
      lines.append("| \(word.text(in: language)) | \(Self.cell(statement)) | \(Self.seconds(line.seconds)) |")
    }
    lines += [
      "",
      text(
        "Only addresses and names that are reserved for documentation were blocked (RFC 5737, RFC 3849, RFC 2606).",
        "遮断したのは、文書用に予約されたアドレスと名前だけです（RFC 5737、RFC 3849、RFC 2606）。"), "",
    ]
    return lines.joined(separator: "\n")
  }

  private static func words(_ finding: Finding) -> (Phrase, Phrase?) {
    switch finding {
    case .held: (Phrase(en: "held", ja: "成立"), nil)
    case .broken(let because): (Phrase(en: "BROKEN", ja: "不成立"), because)
    case .notApplicable(let because): (Phrase(en: "does not apply", ja: "対象外"), because)
    }
  }

  /// Words of a device must not break the table.
  private static func cell(_ text: String) -> String {
    String(text.map { $0.isNewline ? " " : $0 }).replacing("|", with: "\\|")
  }

  private static func seconds(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
