import CCurl
import Glibc
import Language
import Synchronization

/// The thread that libcurl lives on. Tasks leave commands in an inbox and wake it; only the thread
/// touches easy handles.
final class TransferLoop: Sendable {
  enum Command: Sendable {
    case send(Submission)
    case cancel(UInt64)
  }

  struct Submission: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let total: Duration
    let cancellation: Cancellation
    let finish: @Sendable (Result<Transfer.Answer, HTTPError>) -> Void
  }

  /// Set before the command `cancel` is left, so that a cancellation that overtakes its request is seen.
  final class Cancellation: Sendable {
    let isCancelled = Atomic<Bool>(false)
  }

  private struct State {
    var inbox: [Command] = []
    var lastIdentifier: UInt64 = 0
    /// When set, nothing new is taken, and what is left then ends at once.
    var closing: ContinuousClock.Instant?
    var isRunning = true
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  // libcurl's only function for other threads is curl_multi_wakeup, called under `state`'s lock while
  // `isRunning`; everything else happens on our thread, which clears the flag before it frees this.
  private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

  private static let libraryIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// - Parameters:
  ///   - connections: open at the same time, in all and to one host.
  init(connections: Int, connectionsPerHost: Int) {
    // Both fail only without memory for a few kilobytes.
    guard Self.libraryIsReady, let multi = curl_multi_init() else {
      preconditionFailure("libcurl cannot be initialised")
    }
    self.multi = multi
    _ = sekisho_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections)
    _ = sekisho_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
    _ = sekisho_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connections)
    startThread()
  }

  func nextIdentifier() -> UInt64 {
    state.withLock { state in
      state.lastIdentifier += 1
      return state.lastIdentifier
    }
  }

  /// - Returns: false when the loop is closing; the command is dropped.
  func leave(_ command: Command) -> Bool {
    state.withLock { state in
      guard state.isRunning, state.closing == nil || command.isCancellation else { return false }
      state.inbox.append(command)
      curl_multi_wakeup(multi)
      return true
    }
  }

  /// Takes nothing new, gives what is under way `grace`, and ends the thread.
  func close(grace: Duration) {
    state.withLock { state in
      guard state.isRunning else { return }
      let end = ContinuousClock.now + grace
      state.closing = min(state.closing ?? end, end)
      curl_multi_wakeup(multi)
    }
  }

  /// Returns when the thread has ended all transfers and freed what it held.
  func waitUntilClosed() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if state.isRunning { state.waiters.append(continuation) }
        return !state.isRunning
      }
      if hasEnded { continuation.resume() }
    }
  }

  // MARK: - On the thread

  /// How often transfers are looked at for stalls and deadlines, in milliseconds.
  private static let beat: Int32 = 100

  private func run() {
    var active: [UnsafeMutableRawPointer: Transfer] = [:]
    var lastWatch = ContinuousClock.now
    while true {
      let (commands, closing) = state.withLock { state in
        defer { state.inbox = [] }
        return (state.inbox, state.closing)
      }
      for command in commands { carryOut(command, &active) }
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      collect(&active)
      let now = ContinuousClock.now
      if let closing, now >= closing {
        for transfer in active.values { end(transfer, .closed, &active) }
      }
      if closing != nil, active.isEmpty { break }
      if now - lastWatch >= .milliseconds(Self.beat) {
        lastWatch = now
        for transfer in active.values {
          if now >= transfer.deadline {
            end(transfer, .timedOut, &active)
          } else if transfer.isStalled(at: now) {
            end(transfer, .stalled, &active)
          }
        }
      }
      curl_multi_poll(multi, nil, 0, active.isEmpty && closing == nil ? 60_000 : Self.beat, nil)
    }
    finish()
  }

  private func carryOut(_ command: Command, _ active: inout [UnsafeMutableRawPointer: Transfer]) {
    switch command {
    case .cancel(let id):
      if let transfer = active.values.first(where: { $0.id == id }) { end(transfer, .cancelled, &active) }
    case .send(let submission):
      let request = submission.request
      guard !submission.cancellation.isCancelled.load(ordering: .acquiring) else {
        submission.finish(
          .failure(
            HTTPError(code: .cancelled, fate: .notSent, request: request, reason: Phrase(en: "", ja: ""))))
        return
      }
      do throws(HTTPError) {
        let transfer = try Transfer(
          id: submission.id, request: request, total: submission.total, finish: submission.finish)
        let code = curl_multi_add_handle(multi, transfer.handle)
        guard code == CURLM_OK else {
          throw HTTPError(
            code: .other, fate: .notSent, request: request,
            reason: Phrase(verbatim: String(cString: curl_multi_strerror(code))))
        }
        active[transfer.handle] = transfer
      } catch {
        submission.finish(.failure(error))
      }
    }
  }

  /// Hands over what libcurl has finished.
  private func collect(_ active: inout [UnsafeMutableRawPointer: Transfer]) {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
      // The message is gone with the handle's removal.
      let result = message.pointee.data.result
      guard let transfer = active.removeValue(forKey: handle) else { continue }
      curl_multi_remove_handle(multi, handle)
      transfer.end(result)
    }
  }

  private func end(
    _ transfer: Transfer, _ code: HTTPError.Code, _ active: inout [UnsafeMutableRawPointer: Transfer]
  ) {
    active[transfer.handle] = nil
    curl_multi_remove_handle(multi, transfer.handle)
    transfer.end(code)
  }

  private func finish() {
    let (waiters, orphans) = state.withLock { state in
      state.isRunning = false
      defer {
        state.waiters = []
        state.inbox = []
      }
      return (state.waiters, state.inbox)
    }
    curl_multi_cleanup(multi)
    for case .send(let submission) in orphans {
      submission.finish(
        .failure(
          HTTPError(
            code: .closed, fate: .notSent, request: submission.request, reason: Phrase(en: "", ja: ""))))
    }
    for waiter in waiters { waiter.resume() }
  }

  private func startThread() {
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Signals are other threads' business. SIGPIPE stays blocked for good: OpenSSL writes to sockets
    // without asking for an error instead.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    let status = pthread_create(
      &thread, &attributes,
      { context in
        sekisho_curl_name_thread("http")
        Unmanaged<TransferLoop>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    pthread_attr_destroy(&attributes)
    // Without memory for a thread stack the process cannot go on in any useful way.
    precondition(status == 0, "pthread_create: \(status)")
  }
}

extension TransferLoop.Command {
  fileprivate var isCancellation: Bool {
    if case .cancel = self { true } else { false }
  }
}
