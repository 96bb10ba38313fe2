import FirewallKit
import Foundation
import HTTPTransport
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Language
import Logging
import NIOCore
import NIOSSL
import NetworkTypes
import ServiceLifecycle

/// Gives the lists out over HTTPS, to the devices of the settings, and records who fetched.
///
/// `GET` and `HEAD` of `/lists/NAME`, with Basic credentials (RFC 7617) and `If-None-Match` (RFC 9110). No
/// compression: lists are small, and a device that unpacks wrongly blocks the wrong things.
actor ListServer {
  private let settings: ListsSettings
  private let server: ListsSettings.Server
  private let store: PublicationStore
  private let fetches: FetchLog
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  private let onReady: @Sendable (Int) -> Void

  /// Connections at the same time; others wait.
  private static let mostConnections = 256
  private static let idleTime: TimeAmount = .seconds(30)

  /// - Parameter onReady: called with the port when it listens.
  init(
    _ server: ListsSettings.Server, of settings: ListsSettings, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp, onReady: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.settings = settings
    self.server = server
    self.logger = logger
    self.clock = clock
    self.onReady = onReady
    store = PublicationStore(directory: settings.directory)
    fetches = FetchLog(directory: settings.directory)
  }

  /// Serves until the task is cancelled.
  func run() async throws(AdapterError) {
    let credentials = try credentials()
    let tls = try identity()
    let router = Router()
    for method in [HTTPRequest.Method.get, .head] {
      router.on("lists/{name}", method: method) { request, context in
        try await self.answer(request, name: context.parameters.require("name"), credentials)
      }
    }
    let (place, logger, onReady) = ("\(server.address) port \(server.port)", logger, onReady)
    // The library's own lines of each start and connection are of no use to an operator.
    var libraryLogger = logger
    libraryLogger.logLevel = .error
    do {
      let application = Application(
        router: router,
        server: try .tls(
          .http1(configuration: .init(idleTimeout: Self.idleTime)), tlsConfiguration: tls),
        configuration: .init(
          address: .hostname(server.address.description, port: server.port), serverName: "sekisho",
          availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
        onServerRunning: { channel in
          let port = channel.localAddress?.port ?? 0
          logger.notice("lists are given out", metadata: ["port": "\(port)"])
          onReady(port)
        }, logger: libraryLogger)
      try await run(
        ServiceGroup(configuration: .init(services: [application], logger: libraryLogger)))
    } catch {
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "The lists cannot be given out at \(place).", ja: "\(place) でリストを配布できません。"),
        detail: "\(error)")
    }
  }

  /// How long fetches in progress may take when the gateway stops.
  private static let grace: Duration = .seconds(2)

  /// Runs until the task is cancelled; then those who are fetching get the rest.
  private func run(_ group: ServiceGroup) async throws {
    let work = Task { try await group.run() }
    try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      Task {
        await group.triggerGracefulShutdown()
        try? await Task.sleep(for: Self.grace)
        work.cancel()
      }
    }
  }

  // MARK: What is needed

  private func credentials() throws(AdapterError) -> [(device: String, value: SensitiveText)] {
    var credentials: [(String, SensitiveText)] = []
    for device in server.devices {
      do throws(SecretError) {
        credentials.append(
          (device.name, .basic(user: device.name, password: try device.password.load(named: device.name))))
      } catch {
        throw AdapterError(code: .unavailable, message: error.message)
      }
    }
    return credentials
  }

  private func identity() throws(AdapterError) -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(server.certificateFile)
      let key = try NIOSSLPrivateKey(file: server.keyFile, format: .pem)
      return TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    } catch {
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "The certificate \(server.certificateFile) or its key \(server.keyFile) cannot be used. Both "
            + "must be PEM, readable by this account, and belong together.",
          ja: "証明書 \(server.certificateFile) または鍵 \(server.keyFile) を使用できません。どちらも PEM 形式で、"
            + "このアカウントが読み取れ、対になっている必要があります。"),
        detail: "\(error)")
    }
  }

  // MARK: Answers

  private func answer(
    _ request: Request, name: String, _ credentials: [(device: String, value: SensitiveText)]
  ) -> Response {
    guard let device = device(request.headers[.authorization], credentials) else {
      logger.debug("a fetch without good credentials was refused", metadata: ["list": "\(name.prefix(64))"])
      return Response(
        status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"sekisho\", charset=\"UTF-8\""])
    }
    let published: (version: String, list: [UInt8])?
    do {
      published = try store.list(name)
    } catch {
      logger.error(
        "a list cannot be given out",
        metadata: ["list": "\(name.prefix(64))", "error": "\(error.text(in: .english))"])
      return Response(status: .internalServerError)
    }
    // Not an empty list: whoever fetches would open what it blocks.
    guard let published else { return Response(status: .notFound) }
    let entry = FetchLog.Entry(
      at: clock(), tag: FetchLog.tag(of: published.list), version: published.version,
      agent: String((request.headers[.userAgent] ?? "").prefix(FetchLog.longestAgent)))
    let headers: HTTPFields = [.eTag: "\"\(entry.tag)\"", .cacheControl: "no-cache"]
    if Self.tags(request.headers[.ifNoneMatch], match: entry.tag) {
      record(entry, name, device)
      return Response(status: .notModified, headers: headers)
    }
    var whole = headers
    whole[.contentType] = name.hasSuffix(".csv") ? "text/csv; charset=utf-8" : "text/plain; charset=utf-8"
    if request.method == .head {
      whole[.contentLength] = "\(published.list.count)"
      return Response(status: .ok, headers: whole)
    }
    return Response(
      status: .ok, headers: whole,
      body: ResponseBody(contentLength: published.list.count) { writer in
        try await writer.write(ByteBuffer(bytes: published.list))
        try await writer.finish(nil)
        // Only what was written whole counts as fetched.
        await self.record(entry, name, device)
      })
  }

  /// Whose credentials these are. All are looked at, so that the time tells nothing.
  private func device(
    _ field: String?, _ credentials: [(device: String, value: SensitiveText)]
  ) -> String? {
    guard let words = field?.split(separator: " ", maxSplits: 1), words.count == 2,
      words[0].lowercased() == "basic"
    else { return nil }
    let given = Array("Basic \(words[1])".utf8)
    var found: String?
    for (device, value) in credentials where value.matches(given) { found = device }
    return found
  }

  /// Whether one of the tags of an `If-None-Match` is this one; weak ones count (RFC 9110, 13.1.2).
  static func tags(_ field: String?, match tag: String) -> Bool {
    guard let field else { return false }
    return field.split(separator: ",").contains { part in
      var text = part.drop { $0 == " " }
      while text.last == " " { text.removeLast() }
      if text.hasPrefix("W/") { text = text.dropFirst(2) }
      return text == "*" || text == "\"\(tag)\""
    }
  }

  private func record(_ entry: FetchLog.Entry, _ list: String, _ device: String) {
    logger.info(
      "fetched", metadata: ["list": "\(list)", "device": "\(device)", "version": "\(entry.version)"])
    do {
      try fetches.record(entry, of: list, by: device)
    } catch {
      logger.error(
        "a fetch cannot be recorded", metadata: ["device": "\(device)", "error": "\(error)"])
    }
  }
}
