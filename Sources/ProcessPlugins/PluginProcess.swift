import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// One running process of a plugin: lines to its standard input, lines from its standard output.
///
/// It is asked one thing at a time. A line that nobody waits for, a line that never ends, an answer that is
/// late: each ends the process, with all processes of its group, and the reason stays.
final class PluginProcess: Sendable {
  /// Why a process is no more.
  enum End: Error, Equatable {
    /// It ended by itself. With its status, as soon as that is known.
    case exited(String)
    case late
    case oversized
    case unasked
    case misunderstood(String)
    case cancelled
    /// We were done with it.
    case closed
    case unstartable(String)

    /// A stable word for counters and logs.
    var word: String {
      switch self {
      case .exited: "exited"
      case .late: "late"
      case .oversized: "oversized"
      case .unasked: "unasked"
      case .misunderstood: "misunderstood"
      case .cancelled: "cancelled"
      case .closed: "closed"
      case .unstartable: "unstartable"
      }
    }
  }

  private struct State {
    var pid: pid_t?
    var end: End?
    /// The number of the question that is open or was asked last.
    var asked = 0
    var waiting: CheckedContinuation<Result<[UInt8], End>, Never>?
  }

  private let state = Mutex(State())
  private let outgoing: AsyncStream<[UInt8]>.Continuation
  private let log: PluginLog

  /// The same for everybody who starts it, by whatever shell or service.
  private static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// How long a process may take to end after its standard input has.
  static let grace: Duration = .seconds(2)

  /// Starts the program. That it cannot be started is told with the first question.
  init(_ folder: PluginFolder, log: PluginLog) {
    _ = Self.brokenPipesAreErrors
    self.log = log
    let (lines, outgoing) = AsyncStream.makeStream(of: [UInt8].self)
    self.outgoing = outgoing
    Task { await run(folder, writing: lines) }
  }

  /// A plugin that ends while it is written to must be an error of one write and not the end of us.
  private static let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  /// Why it ended; `nil` while it runs.
  var end: End? { state.withLock(\.end) }

  /// The process number, for tests that kill it; `nil` before and after its life.
  var processIdentifier: Int32? { state.withLock(\.pid) }

  // MARK: Asking

  /// Sends a line and waits for one. When the task is cancelled the process is ended: whoever asked is gone,
  /// and an answer that comes later would be taken for another.
  func ask(_ line: [UInt8], within deadline: Duration) async -> Result<[UInt8], End> {
    let number = state.withLock { state in
      state.asked += 1
      return state.asked
    }
    let timer = Task { [self] in
      guard (try? await Task.sleep(for: deadline)) != nil else { return }
      stop(.late, whileAsked: number)
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let end = state.withLock { state -> End? in
          guard let end = state.end else {
            state.waiting = continuation
            return nil
          }
          return end
        }
        if let end { return continuation.resume(returning: .failure(end)) }
        outgoing.yield(line + [0x0A])
      }
    } onCancel: {
      stop(.cancelled, whileAsked: number)
    }
  }

  private func received(_ line: [UInt8]) {
    let waiting = state.withLock { state in
      defer { state.waiting = nil }
      return state.waiting
    }
    if let waiting { waiting.resume(returning: .success(line)) } else { stop(.unasked) }
  }

  // MARK: Ending

  /// Ends the process at once, for this reason unless there was one before.
  func stop(_ reason: End) { stop(reason, whileAsked: nil) }

  private func stop(_ reason: End, whileAsked number: Int?) {
    let waiting = state.withLock { state -> (CheckedContinuation<Result<[UInt8], End>, Never>, End)? in
      if let number, state.asked != number { return nil }
      let end = state.end ?? reason
      state.end = end
      Self.kill(state.pid)
      defer { state.waiting = nil }
      return state.waiting.map { ($0, end) }
    }
    if let (waiting, end) = waiting { waiting.resume(returning: .failure(end)) }
    outgoing.finish()
  }

  /// Lets the process end by itself: its standard input ends. After `grace` it is ended.
  func close() {
    state.withLock { if $0.end == nil { $0.end = .closed } }
    outgoing.finish()
    Task { [self] in
      try? await Task.sleep(for: Self.grace)
      stop(.closed)
    }
  }

  /// The whole group: what a plugin started must not outlive it. To be called while the state is locked, so
  /// that the number is not another process's already.
  private static func kill(_ pid: pid_t?) {
    if let pid { _ = Glibc.kill(-pid, SIGKILL) }
  }

  // MARK: Life

  private func run(_ folder: PluginFolder, writing lines: AsyncStream<[UInt8]>) async {
    var options = PlatformOptions()
    options.processGroupID = 0
    do {
      let result = try await Subprocess.run(
        .path(FilePath(folder.executable)), arguments: Arguments(folder.arguments),
        environment: .custom(["PATH": Self.searchPath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"]),
        workingDirectory: FilePath(folder.path), platformOptions: options, input: .inputWriter,
        output: .sequence, error: .sequence
      ) { execution in
        began(execution.processIdentifier.value)
        await withTaskGroup { group in
          group.addTask {
            for await line in lines {
              // That it cannot be written shows as the end of the output.
              guard (try? await execution.standardInputWriter.write(line)) != nil else { break }
            }
            try? await execution.standardInputWriter.finish()
          }
          group.addTask { await self.readErrors(execution.standardError) }
          await readLines(execution.standardOutput)
          // Without an output there is no plugin, whatever else it may be doing.
          ceased()
          outgoing.finish()
        }
        ceased()
      }
      stop(.exited("\(result.terminationStatus)"))
    } catch {
      stop(.unstartable("\(error)"))
    }
  }

  private func began(_ pid: pid_t) {
    state.withLock { state in
      state.pid = pid
      if let end = state.end, end != .closed { Self.kill(pid) }
    }
  }

  /// Ends what is left of the process. It is not waited for yet, so the number is still its own.
  private func ceased() {
    state.withLock { state in
      Self.kill(state.pid)
      state.pid = nil
    }
  }

  private func readLines(_ output: SubprocessOutputSequence) async {
    var splitter = LineSplitter(longest: PluginProtocol.longestLine)
    do {
      for try await chunk in output {
        for line in chunk.withUnsafeBytes({ splitter.append($0) }) { received(line) }
        if splitter.isOverlong {
          splitter.drop()
          stop(.oversized)
        }
      }
    } catch {
      stop(.exited("\(error)"))
    }
  }

  private func readErrors(_ output: SubprocessOutputSequence) async {
    do {
      for try await chunk in output { chunk.withUnsafeBytes { log.append($0) } }
    } catch {
      log.note("standard error lost", ["error": "\(error)"])
    }
    log.finish()
  }
}
