import HTTPTransport
import Language
import NetworkTypes
import Reputation

/// What a request to a feed came to.
enum FeedDownload {
  /// What is kept is current.
  case unchanged(notBefore: Timestamp?)
  case content(Content)

  struct Content {
    /// The document, or the lines that are kept of a collection.
    var bytes: [UInt8]
    var validators: CacheValidators?
    /// Where the next request of an increasing collection goes on.
    var cursor: String?
    var notBefore: Timestamp?
    /// Whether it is a change to what is kept, which the publisher tells entry by entry: such a list may
    /// shrink as it likes.
    var isDelta = false
  }
}

/// One update of one feed: where it asks, and within which bounds.
struct FeedFetch {
  let source: FeedSource
  let state: FeedState
  /// The kept list; `nil` when there is none, and then nothing may be asked for conditionally.
  let kept: [UInt8]?
  let sender: any HTTPSending
  let now: Timestamp
  private let deadline: ContinuousClock.Instant

  init(
    _ source: FeedSource, _ state: FeedState, kept: [UInt8]?, sender: any HTTPSending, now: Timestamp
  ) {
    self.source = source
    self.state = state
    self.kept = kept
    self.sender = sender
    self.now = now
    deadline = ContinuousClock.now + source.limits.time
  }

  /// - Parameter wantsWhole: of a stream everything, not what changed since the last time.
  func run(wantsWhole: Bool) async throws(FeedError) -> FeedDownload {
    switch source.origin {
    case .file(let path):
      if case .misp(let maximumAge) = source.format { return try await misp(.directory(path), maximumAge) }
      return .content(
        .init(
          bytes: try FeedStore.contents(of: path, limit: source.limits.list.bytes, feed: source.id)))
    case .web(let address):
      switch source.format {
      case .misp(let maximumAge): return try await misp(.web(address), maximumAge)
      case .taxii(let collection, _): return try await taxii(address, collection)
      case .crowdsec: return try await crowdsec(address, wantsWhole: wantsWhole)
      default: return try await document(address)
      }
    }
  }

  // MARK: Requests

  private func document(_ address: FeedAddress) async throws(FeedError) -> FeedDownload {
    let request = try request(address.url, of: address)
    switch try await fetch(request, unless: kept == nil ? nil : state.validators) {
    case .notModified: return .unchanged(notBefore: nil)
    case .content(let response, let validators):
      return .content(
        .init(bytes: response.body, validators: validators, notBefore: earliestNext(after: response)))
    case .other(let response): throw failure(response)
    }
  }

  /// A request with the feed's credential, which goes to no other origin than the configured one.
  func request(
    _ url: HTTPURL, of address: FeedAddress, accept: String = "*/*"
  ) throws(FeedError) -> HTTPRequest {
    let left = deadline - .now
    guard left > .zero else { throw .tooLate(source.id, limit: source.limits.time) }
    guard url.origin == address.url.origin else {
      throw .breach(
        source.id,
        .init(
          en: "the server sends us on to \(url.origin), which is not the address in the configuration. "
            + "Correct the address if that is where the feed is now.",
          ja: "サーバーが設定と異なる \(url.origin) へ誘導しています。移転先であれば、設定の URL を直してください。"))
    }
    var headers = [HTTPRequest.Field("Accept", .init(accept))]
    // A CrowdSec server refuses clients that do not tell a name and a version.
    if case .crowdsec = source.format { headers.append(.init("User-Agent", "sekisho-bouncer/1.0")) }
    do throws(SecretError) {
      switch address.credential {
      case .basic(let user, let password):
        headers.append(.init("Authorization", .basic(user: user, password: try password.load())))
      case .key(let field, let key): headers.append(.init(field, "\(try key.load())"))
      case nil: break
      }
    } catch {
      throw FeedError(.notAuthorized, source.id, en: error.message.en, ja: error.message.ja)
    }
    var limits = TransportLimits()
    limits.total = left
    limits.bodyBytes = source.limits.list.bytes
    return HTTPRequest(
      .get, url, headers: headers, acceptsGzip: true, maximumRedirects: 5,
      retry: RetryPolicy(attempts: 1, isRepeatable: true),
      transport: TransportSettings(
        tls: address.tls, proxy: address.proxy, limits: limits, permitsPlainText: address.permitsPlainText))
  }

  func fetch(
    _ request: HTTPRequest, unless validators: CacheValidators?
  ) async throws(FeedError) -> ConditionalAnswer {
    do throws(HTTPError) {
      return try await sender.fetch(request, unless: validators)
    } catch {
      throw FeedError(error, feed: source.id)
    }
  }

  /// A successful answer to an unconditional request.
  func get(
    _ url: HTTPURL, of address: FeedAddress, accept: String = "*/*"
  ) async throws(FeedError) -> HTTPResponse {
    let request = try request(url, of: address, accept: accept)
    let response: HTTPResponse
    do throws(HTTPError) {
      response = try await sender.send(request)
    } catch {
      throw FeedError(error, feed: source.id)
    }
    guard response.status == 200 else { throw failure(response) }
    return response
  }

  /// An address below the configured one, or beside it.
  func address(
    _ path: String, query: [(name: String, value: String)] = [], of address: FeedAddress
  ) throws(FeedError) -> HTTPURL {
    do throws(HTTPURLError) {
      return try address.url.asking(path, query: query)
    } catch {
      throw .breach(source.id, error.message)
    }
  }

  /// The path of the configured address without its query, ending with a slash.
  static func folder(of address: FeedAddress, dropping file: String = "") -> String {
    var path = String(address.url.target.prefix { $0 != "?" })
    if !file.isEmpty, path.hasSuffix("/" + file) { path.removeLast(file.count) }
    return path.hasSuffix("/") ? path : path + "/"
  }

  func failure(_ response: HTTPResponse) -> FeedError {
    // Its other form, a date, is left to our own pauses.
    let wait = response.headers["Retry-After"].flatMap { Int64($0) }
    return .status(response.status, of: response.url, feed: source.id, retryAfter: wait)
  }

  /// The moment before which the publisher's own caches would answer the same.
  func earliestNext(after response: HTTPResponse) -> Timestamp? {
    for value in response.headers.values(of: "Cache-Control") {
      for directive in value.split(separator: ",") {
        let words = directive.trimmed.lowercased().split(separator: "=")
        if words.count == 2, words[0] == "max-age", let seconds = Int64(words[1]), seconds > 0 {
          let wait = min(Duration.seconds(min(seconds, 1 << 31)), FeedSchedule.longestWait)
          return now + wait
        }
      }
    }
    return nil
  }
}
