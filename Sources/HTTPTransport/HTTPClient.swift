import Language
import Synchronization

/// Whoever can carry a request to its server: the client itself, or something in front of it.
public protocol HTTPSending: Sendable {
  func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse
}

/// HTTP/1.1 by libcurl, on a thread of its own. One client serves any number of peers: how each is
/// spoken to is part of the request. Connections are kept and used again, for equal TLS settings only.
///
/// Requests concern the network namespace of the thread that made the client. A request is sent once;
/// `PacedClient` repeats where the request says so. When the last reference goes, what is under way is
/// ended.
public final class HTTPClient: HTTPSending {
  private let loop: TransferLoop

  /// - Parameters:
  ///   - connections: how many may be open at the same time.
  ///   - connectionsPerHost: and to one host and port. What exceeds them waits in order; waiting counts
  ///     as part of the total time.
  public init(connections: Int = 64, connectionsPerHost: Int = 4) {
    loop = TransferLoop(connections: connections, connectionsPerHost: connectionsPerHost)
  }

  deinit { loop.close(grace: .zero) }

  /// Sends one request and returns its complete answer, whatever its status. Cancelling the task ends
  /// the transfer; the error says whether the server may have seen the request.
  public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
    try request.check()
    let end = ContinuousClock.now + request.transport.limits.total
    var current = request
    var redirects = 0
    while true {
      let answer = try await exchange(current, total: end - .now)
      guard request.maximumRedirects > 0, let place = answer.redirect else { return answer.response }
      redirects += 1
      current = try current.redirected(
        to: place, after: answer.response.status, isOneTooMany: redirects > request.maximumRedirects)
    }
  }

  /// Refuses new requests, lets those under way end within `grace`, ends the others, and returns when
  /// the thread is gone. May be called more than once.
  public func shutDown(grace: Duration = .zero) async {
    loop.close(grace: grace)
    await loop.waitUntilClosed()
  }

  private func exchange(_ request: HTTPRequest, total: Duration) async throws(HTTPError) -> Transfer.Answer {
    let id = loop.nextIdentifier()
    let cancellation = TransferLoop.Cancellation()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isTaken = loop.leave(
          .send(
            TransferLoop.Submission(
              id: id, request: request, total: total, cancellation: cancellation,
              finish: { continuation.resume(returning: $0) })))
        if !isTaken {
          continuation.resume(
            returning: Result<Transfer.Answer, HTTPError>.failure(
              HTTPError(code: .closed, fate: .notSent, request: request, reason: Phrase(en: "", ja: ""))))
        }
      }
    } onCancel: {
      cancellation.isCancelled.store(true, ordering: .releasing)
      _ = loop.leave(.cancel(id))
    }
    return try result.get()
  }
}
