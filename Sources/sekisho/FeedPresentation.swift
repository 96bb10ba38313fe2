import Feeds
import Language
import NetworkTypes
import Reputation

extension Console {
  /// All feeds, one a line.
  func show(_ statuses: [FeedStatus], now: Timestamp) {
    let good = statuses.count { $0.health == .current }
    let total = grouped(statuses.reduce(0) { $0 + ($1.summary?.indicators ?? 0) })
    guard !statuses.isEmpty else {
      return say(
        Phrase(
          en: "No feed is configured. Add one under reputation.sources; Docs/Feeds.md has examples.",
          ja: "フィードが設定されていません。reputation.sources に追加してください（例は Docs/Feeds.md）。"))
    }
    say(
      Phrase(
        en: "\(total) indicators from \(statuses.count) feeds, \(good) of them current.",
        ja: "フィード \(statuses.count) 件（うち最新 \(good) 件）、脅威指標 \(total) 件。"),
      good == statuses.count ? .green : .yellow)
    table(
      [
        Phrase(en: "Feed", ja: "フィード"), Phrase(en: "State", ja: "状態"),
        Phrase(en: "Indicators", ja: "脅威指標"), Phrase(en: "Age", ja: "経過"),
        Phrase(en: "Not read", ja: "読取不可"), Phrase(en: "Next", ja: "次回"),
      ],
      statuses.map { status in
        [
          status.id, text(status.health.phrase), grouped(status.summary?.indicators ?? 0),
          status.age(at: now).map { text(Self.span($0)) } ?? "-",
          grouped(status.summary?.problemCount ?? 0),
          text(status.nextAttempt.map { Self.until($0 - now) } ?? Phrase(en: "now", ja: "今すぐ")),
        ]
      })
    for status in statuses {
      if let error = status.error { say(error.message, indent: 2, .red) }
    }
    if statuses.contains(where: { $0.error != nil || ($0.summary?.problemCount ?? 0) > 0 }) {
      say(Phrase(en: "Details: sekisho feeds show FEED", ja: "詳細: sekisho feeds show フィード"), .dim)
    }
  }

  /// One feed with everything that is known of it.
  func show(_ status: FeedStatus, now: Timestamp) {
    say(
      Phrase(
        en: "\(status.name) (\(status.id)): \(status.health.phrase.en)",
        ja: "\(status.name)（\(status.id)）: \(status.health.phrase.ja)"),
      status.health == .current ? .green : .red)
    if let error = status.error {
      say(error.message, indent: 2, .red)
      sayWhatStays(status)
    }
    func row(_ title: Phrase, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      line("  " + DisplayWidth.padded(text(title), to: 16) + value)
    }
    row(Phrase(en: "From", ja: "取得元"), status.origin)
    row(Phrase(en: "Format", ja: "形式"), status.format.rawValue)
    row(Phrase(en: "Category", ja: "カテゴリ"), text(status.category.phrase))
    row(Phrase(en: "Confidence", ja: "信頼度"), "\(status.confidence)")
    row(Phrase(en: "Licence", ja: "ライセンス"), status.licence)
    row(Phrase(en: "Last attempt", ja: "最終試行"), status.lastAttempt?.toSeconds)
    row(Phrase(en: "Last success", ja: "最終成功"), status.lastSuccess?.toSeconds)
    row(Phrase(en: "Last change", ja: "最終変更"), status.lastChange?.toSeconds)
    row(Phrase(en: "Next attempt", ja: "次回"), status.nextAttempt?.toSeconds)
    guard let summary = status.summary else { return }
    row(Phrase(en: "Indicators", ja: "脅威指標"), grouped(summary.indicators))
    if summary.allowed > 0 { row(Phrase(en: "Allow entries", ja: "許可エントリ"), grouped(summary.allowed)) }
    row(Phrase(en: "Bytes", ja: "バイト数"), grouped(summary.bytes))
    row(Phrase(verbatim: "SHA-256"), summary.digest)
    showOmissions(summary.omissions)
    showProblems(summary.problems, of: summary.problemCount)
    if summary.problemCount > summary.problems.count {
      say(
        Phrase(en: "All: sekisho feeds verify \(status.id)", ja: "全件: sekisho feeds verify \(status.id)"),
        .dim)
    }
  }

  /// What `verify` found.
  func show(_ content: FeedContent, of id: String) {
    let count = grouped(content.list.count)
    say(
      Phrase(
        en: "\(id): \(count) indicators, \(content.problemCount) entries not understood.",
        ja: "\(id): 脅威指標 \(count) 件、読めなかったエントリ \(content.problemCount) 件。"),
      content.problemCount == 0 ? .green : .yellow)
    var omissions: [String: Int] = [:]
    for (reason, count) in content.omissions { omissions[reason.rawValue] = count }
    showOmissions(omissions)
    showProblems(content.problems, of: content.problemCount)
  }

  func sayWhatStays(_ status: FeedStatus) {
    if let summary = status.summary {
      let count = grouped(summary.indicators)
      let since = status.lastSuccess?.toSeconds ?? "?"
      say(
        Phrase(
          en: "The list of \(since) with \(count) indicators stays in force.",
          ja: "\(since) のリスト（脅威指標 \(count) 件）を使い続けています。"), indent: 2)
    } else {
      say(
        Phrase(en: "There is no list of it in force.", ja: "このフィードで有効なリストはありません。"), indent: 2)
    }
  }

  private func showOmissions(_ omissions: [String: Int]) {
    for (word, count) in omissions.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      guard let phrase = FeedOmission(rawValue: word)?.phrase else { continue }
      say(
        Phrase(
          en: "Left out: \(grouped(count)) \(phrase.en)", ja: "対象外: \(phrase.ja) \(grouped(count)) 件"),
        indent: 2, .dim)
    }
  }

  private func showProblems(_ problems: [FeedProblem], of count: Int) {
    for problem in problems { say(problem.message, indent: 2, .yellow) }
    if count > problems.count {
      say(
        Phrase(en: "… and \(count - problems.count) more", ja: "… ほか \(count - problems.count) 件"), indent: 2,
        .dim)
    }
  }

  /// A count with thousands separators.
  func grouped(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }

  private static func until(_ duration: Duration) -> Phrase {
    if duration <= .zero { return Phrase(en: "now", ja: "今すぐ") }
    let span = span(duration)
    return Phrase(en: "in \(span.en)", ja: "\(span.ja)後")
  }

  private static func span(_ duration: Duration) -> Phrase {
    let seconds = max(0, duration.components.seconds)
    switch seconds {
    case ..<120: return Phrase(en: "\(seconds) s", ja: "\(seconds) 秒")
    case ..<7200: return Phrase(en: "\(seconds / 60) min", ja: "\(seconds / 60) 分")
    case ..<172_800: return Phrase(en: "\(seconds / 3600) h", ja: "\(seconds / 3600) 時間")
    default: return Phrase(en: "\(seconds / 86_400) days", ja: "\(seconds / 86_400) 日")
    }
  }
}
