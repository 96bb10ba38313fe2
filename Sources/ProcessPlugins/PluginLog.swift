import Language
import Logging
import Synchronization

/// What a plugin writes to its standard error, as lines of our log; and its last words, for errors.
///
/// Bounded: a line is cut at `longestLine`, beyond `mostLines` a minute lines are only counted. Secrets
/// are replaced by their marks.
final class PluginLog: Sendable {
  static let longestLine = 2000
  static let mostLines = 200
  private static let keptLines = 6
  /// Shorter ones may be words of a sentence.
  private static let shortestStretch = 6

  private struct State {
    var spellings: [(mark: String, text: String)] = []
    var splitter = LineSplitter(longest: PluginLog.longestLine)
    /// The rest of a line that was cut.
    var isCutting = false
    var words: [String] = []
    var windowEnd: ContinuousClock.Instant?
    var inWindow = 0
    var dropped = 0
  }

  private let state = Mutex(State())
  private let logger: Logger
  private let name: String

  init(logger: Logger, name: String) {
    self.logger = logger
    self.name = name
  }

  /// What must not be told, in every spelling that is known. A program may spell a secret in its own way
  /// (an escaped quote, a percent sign), but letters and digits stay, so stretches of them count too.
  func setSecrets(_ spellings: [(mark: String, text: String)]) {
    var all = spellings.filter { !$0.text.isEmpty }
    for (mark, text) in spellings {
      let stretches = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      all += stretches.filter { $0.count >= Self.shortestStretch }.map { (mark, String($0)) }
    }
    all.sort { $0.text.count > $1.text.count }
    state.withLock { $0.spellings = all }
  }

  /// A text with marks in the place of secrets.
  func redact(_ text: String) -> String {
    Self.redact(text, state.withLock(\.spellings))
  }

  func redact(_ phrase: Phrase) -> Phrase { Phrase(en: redact(phrase.en), ja: redact(phrase.ja)) }

  func holdsSecret(_ text: String) -> Bool {
    state.withLock(\.spellings).contains { text.contains($0.text) }
  }

  private static func redact(_ text: String, _ spellings: [(mark: String, text: String)]) -> String {
    spellings.reduce(text) { $0.replacing($1.text, with: $1.mark) }
  }

  /// The last lines of the plugin, the newest last.
  var lastWords: String { state.withLock { $0.words.joined(separator: " | ") } }

  func forgetLastWords() { state.withLock { $0.words = [] } }

  func append(_ bytes: some Sequence<UInt8>) {
    let (lines, dropped) = state.withLock { state -> ([String], Int) in
      var lines: [[UInt8]] = []
      for line in state.splitter.append(bytes) {
        // Before the cut, so that no secret is told by halves.
        if state.isCutting { state.isCutting = false } else { lines.append(line) }
      }
      if state.splitter.isOverlong {
        if !state.isCutting { lines.append(state.splitter.rest) }
        state.isCutting = true
        state.splitter.drop()
      }
      return Self.take(lines, &state)
    }
    tell(lines, dropped)
  }

  /// The end of the stream: a line may lack its end.
  func finish() {
    let (lines, dropped) = state.withLock { state -> ([String], Int) in
      let rest = state.splitter.rest
      state.splitter.drop()
      defer { state.isCutting = false }
      return Self.take(rest.isEmpty || state.isCutting ? [] : [rest], &state)
    }
    tell(lines, dropped)
  }

  private static func take(_ lines: [[UInt8]], _ state: inout State) -> (lines: [String], dropped: Int) {
    let now = ContinuousClock.now
    var dropped = 0
    if state.windowEnd.map({ now >= $0 }) ?? true {
      (dropped, state.dropped) = (state.dropped, 0)
      state.windowEnd = now + .seconds(60)
      state.inWindow = 0
    }
    var told: [String] = []
    for line in lines {
      let text = PluginText.printable(
        redact(String(decoding: line, as: UTF8.self), state.spellings), longestLine)
      guard text.contains(where: { $0 != " " }) else { continue }
      state.words = (state.words + [text]).suffix(keptLines)
      state.inWindow += 1
      if state.inWindow <= mostLines { told.append(text) } else { state.dropped += 1 }
    }
    return (told, dropped)
  }

  private func tell(_ lines: [String], _ dropped: Int) {
    if dropped > 0 {
      logger.warning("plugin wrote too much", metadata: ["plugin": "\(name)", "lines": "\(dropped)"])
    }
    for line in lines { logger.notice("plugin says", metadata: ["plugin": "\(name)", "line": "\(line)"]) }
  }

  /// What we have to say about it.
  func note(_ event: String, _ details: [String: String], level: Logger.Level = .warning) {
    var metadata: Logger.Metadata = ["plugin": "\(name)"]
    for (key, value) in details { metadata[key] = "\(redact(value))" }
    logger.log(level: level, "\(event)", metadata: metadata)
  }
}
