import ConfigurationFile
import FirewallKit
import FoundationEssentials
import HTTPTransport
import Language
import Logging
import NetworkTypes

/// The conversation with a plugin: keeps one process running, greets it, asks it one thing after the
/// other, and starts another when it has ended.
actor PluginSession {
  nonisolated let settings: PluginSettings
  nonisolated let log: PluginLog
  private var process: PluginProcess?
  /// Of the greeting of the process that runs.
  private var wanted: Scaffold = [:]
  private var lastID = 0
  /// Processes that ended without having answered anything, one after the other.
  private var failures = 0
  private var notBefore = ContinuousClock.now
  private(set) var counters = PluginCounters()

  private var isBusy = false
  private var queue: [CheckedContinuation<Void, Never>] = []

  /// How long the second start in vain puts the next one off; doubled with each further one.
  static let firstPause: Duration = .seconds(1)
  static let longestPause: Duration = .seconds(60)
  /// A shorter secret could not be told from other text, and no line could be shown.
  static let shortestSecret = 6

  init(_ settings: PluginSettings, logger: Logger) {
    self.settings = settings
    log = PluginLog(logger: logger, name: settings.folder.manifest.name)
  }

  deinit { process?.close() }

  private nonisolated var name: String { settings.folder.manifest.name }

  /// The process that runs, for tests that kill it.
  var processIdentifier: Int32? { process?.processIdentifier }

  // MARK: Requests

  /// Starts the plugin when it does not run, and greets it. The scaffold that its settings ask for.
  func greet() async throws(AdapterError) -> Scaffold {
    await takeTurn()
    defer { passTurn() }
    _ = try await running()
    return wanted
  }

  /// What is made of the answer to one request. `understand` throws what no plugin should have said, and
  /// gets the scaffold that the settings ask for.
  func ask<Answer: Decodable & Sendable, Value: Sendable>(
    _ answer: Answer.Type,
    _ request: @Sendable (Scaffold) -> PluginRequest,
    understand: @Sendable (Answer, Scaffold) throws -> Value
  ) async throws(AdapterError) -> Value {
    await takeTurn()
    defer { passTurn() }
    guard !Task.isCancelled else {
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "The plugin \(name) was not asked: the request had been given up before its turn came.",
          ja: "順番が来る前に要求が取り消されたため、プラグイン \(name) には何も要求していません。"))
    }
    let process = try await running()
    let question = request(wanted)
    let id = nextID()
    guard let line = try? question.line(id: id), line.count <= PluginProtocol.longestLine else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "What the plugin \(name) is to be asked is more than \(PluginProtocol.longestLine >> 20) MiB.",
          ja: "プラグイン \(name) への要求が \(PluginProtocol.longestLine >> 20) MiB を超えています。"))
    }
    let bytes = try await exchange(line, with: process, during: question.word)
    do {
      let answer = try decoded(Answer.self, from: bytes, id: id)
      failures = 0
      counters.answers += 1
      switch answer {
      case .success(let content): return try understand(content, wanted)
      case .failure(let error): throw redacted(error)
      }
    } catch let error as AdapterError {
      throw error
    } catch {
      throw ended(process, .misunderstood(reason(of: error)), during: question.word)
    }
  }

  private func nextID() -> Int {
    lastID += 1
    return lastID
  }

  private func exchange(
    _ line: [UInt8], with process: PluginProcess, during word: String
  ) async throws(AdapterError) -> [UInt8] {
    switch await process.ask(line, within: settings.deadline) {
    case .success(let bytes): return bytes
    case .failure(let end): throw ended(process, end, during: word)
    }
  }

  private func decoded<Content: Decodable & Sendable>(
    _ content: Content.Type, from bytes: [UInt8], id: Int
  ) throws -> Result<Content, AdapterError> {
    let answer = try JSONDecoder().decode(PluginAnswer<Content>.self, from: Data(bytes))
    guard answer.id == id else {
      throw Misunderstanding(reason: "an answer to request \(answer.id) while \(id) is open")
    }
    return answer.result
  }

  // MARK: One after the other

  private func takeTurn() async {
    guard isBusy else {
      isBusy = true
      return
    }
    await withCheckedContinuation { queue.append($0) }
  }

  private func passTurn() {
    if queue.isEmpty { isBusy = false } else { queue.removeFirst().resume() }
  }

  // MARK: Processes

  /// The process that has been greeted; a new one where there is none or it has ended.
  private func running() async throws(AdapterError) -> PluginProcess {
    if let process {
      guard let end = process.end else { return process }
      // It ended while nobody asked: nothing is lost, but it is told.
      count(end, during: "")
      self.process = nil
    }
    let wait = notBefore - ContinuousClock.now
    guard wait <= .zero else {
      counters.putOff += 1
      let seconds = wait.components.seconds + 1
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "The plugin \(name) ended \(failures) times in a row without an answer; it is started again in "
            + "\(seconds) s. Its last words are below.",
          ja: "プラグイン \(name) が応答しないまま \(failures) 回続けて終了しました。\(seconds) 秒後に再び起動します。最後の出力を以下に示します。"),
        detail: log.lastWords)
    }
    let secrets = try loadSecrets()
    let id = nextID()
    let hello: SensitiveText
    do {
      hello = try PluginRequest.hello(id: id, settings: settings, secrets: secrets)
    } catch {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "The settings of the plugin \(name) cannot be written as JSON.",
          ja: "プラグイン \(name) の設定を JSON で表せません。"))
    }
    log.setSecrets(hello.spellings())
    log.forgetLastWords()
    counters.starts += 1
    let process = PluginProcess(settings.folder, log: log)
    try await meet(process, hello, id)
    self.process = process
    return process
  }

  /// Greets a process and checks who answers.
  private func meet(
    _ process: PluginProcess, _ hello: SensitiveText, _ id: Int
  ) async throws(AdapterError) {
    let bytes = try await exchange(hello.revealed(), with: process, during: "hello")
    let result: Result<HelloAnswer, AdapterError>
    do {
      result = try decoded(HelloAnswer.self, from: bytes, id: id)
      if case .success(let answer) = result, answer.version != PluginProtocol.version {
        throw Misunderstanding(reason: "protocol \(answer.version) for \(PluginProtocol.version)")
      }
      if case .success(let answer) = result, answer.manifest != settings.folder.manifest {
        throw Misunderstanding(reason: "another manifest than in \(PluginFolder.declarationName)")
      }
    } catch {
      throw ended(process, .misunderstood(reason(of: error)), during: "hello")
    }
    switch result {
    case .success(let answer):
      wanted = answer.scaffold
    case .failure(let error):
      counters.ends["refused", default: 0] += 1
      putOff()
      process.close()
      throw redacted(error)
    }
  }

  private func loadSecrets() throws(AdapterError) -> [String: Secret] {
    var secrets: [String: Secret] = [:]
    for (key, reference) in settings.secrets {
      let secret: Secret
      do throws(SecretError) {
        secret = try reference.load(named: key)
      } catch {
        throw AdapterError(code: .unavailable, message: error.message)
      }
      let bytes = SensitiveText("").appending(secret).revealed()
      guard bytes.count >= Self.shortestSecret, String(validating: bytes, as: UTF8.self) != nil else {
        throw AdapterError(
          code: .unsupported,
          message: Phrase(
            en: "The secret \(reference) is shorter than \(Self.shortestSecret) bytes or no text. "
              + "It could not be kept out of logs.",
            ja: "シークレット \(reference) は \(Self.shortestSecret) バイト未満か、テキストではありません。ログから取り除けないため使用できません。"))
      }
      secrets[key] = secret
    }
    return secrets
  }

  // MARK: Ends

  /// Ends a process for this reason, unless it has ended for another, and tells what that means for whoever
  /// asked.
  private func ended(
    _ process: PluginProcess, _ reason: PluginProcess.End, during word: String
  ) -> AdapterError {
    process.stop(reason)
    let end = process.end ?? reason
    if self.process === process { self.process = nil }
    count(end, during: word)
    return failure(end, during: word)
  }

  private func count(_ end: PluginProcess.End, during word: String) {
    counters.ends[end.word, default: 0] += 1
    putOff()
    log.note(
      "plugin ended",
      [
        "reason": end.word, "detail": end.detail, "during": word.isEmpty ? "idle" : word,
        "times": "\(counters.ends[end.word] ?? 0)",
      ])
  }

  /// The first start after an answer costs nothing: reading must be possible at once after a process has
  /// died in the middle of a change.
  private func putOff() {
    failures += 1
    guard failures > 1 else { return }
    let pause = Self.firstPause * (1 << min(failures - 2, 10))
    notBefore = ContinuousClock.now + min(pause, Self.longestPause)
  }

  private func failure(_ end: PluginProcess.End, during word: String) -> AdapterError {
    let what: Phrase
    var code: AdapterError.Code
    switch end {
    case .exited(let status):
      code = .unavailable
      what = Phrase(en: "ended by itself (\(status))", ja: "自ら終了しました（\(status)）")
    case .late:
      code = .timedOut
      what = Phrase(
        en: "gave no answer within \(settings.deadline.text) and was ended",
        ja: "\(settings.deadline.text) 以内に応答しなかったため終了させました")
    case .oversized:
      code = .unreadable
      what = Phrase(
        en: "wrote a line of more than \(PluginProtocol.longestLine >> 20) MiB and was ended",
        ja: "\(PluginProtocol.longestLine >> 20) MiB を超える行を出力したため終了させました")
    case .unasked:
      code = .unreadable
      what = Phrase(en: "answered without being asked and was ended", ja: "要求のない応答をしたため終了させました")
    case .misunderstood(let reason):
      code = .unreadable
      what = Phrase(
        en: "answered otherwise than the protocol asks for (\(reason)) and was ended",
        ja: "プロトコルに反する応答をしたため終了させました（\(reason)）")
    case .cancelled, .closed:
      code = .timedOut
      what = Phrase(en: "was ended, because the request was given up", ja: "要求が取り消されたため終了させました")
    case .unstartable(let reason):
      code = .unavailable
      what = Phrase(
        en: "could not be started (\(reason)). Look at \(settings.folder.executable) and its first line",
        ja: "起動できませんでした（\(reason)）。\(settings.folder.executable) とその 1 行目を確認してください")
    }
    // The request may have arrived, and its process may have done its work before it ended.
    let isUnknown = word == "perform"
    if isUnknown { code = .timedOut }
    return AdapterError(
      code: code,
      message: log.redact(
        Phrase(
          en: "The plugin \(name) \(what.en)."
            + (isUnknown ? " Whether the operation took effect is decided by reading." : ""),
          ja: "プラグイン \(name): \(what.ja)。" + (isUnknown ? "操作が反映されたかどうかは読み戻しで判断します。" : ""))),
      detail: log.lastWords)
  }

  private func redacted(_ error: AdapterError) -> AdapterError {
    AdapterError(code: error.code, message: log.redact(error.message), detail: log.redact(error.detail))
  }
}

extension PluginProcess.End {
  /// More than the word, where there is more.
  fileprivate var detail: String {
    switch self {
    case .exited(let status): status
    case .misunderstood(let reason), .unstartable(let reason): reason
    case .late, .oversized, .unasked, .cancelled, .closed: ""
    }
  }
}

extension SensitiveText {
  fileprivate func appending(_ secret: Secret) -> SensitiveText { self + "\(secret)" }
}
