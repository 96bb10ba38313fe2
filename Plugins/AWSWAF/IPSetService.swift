import FirewallKit
import HTTPTransport
import Language

/// Reads and replaces IP sets by the API of WAFv2.
struct IPSetService: Sendable {
  private let settings: AWSWAFSettings
  private let reading: PacedClient
  /// Keeps the pace that AWS wants for changes.
  private let writing: PacedClient

  init(settings: AWSWAFSettings, sender: any HTTPSending) {
    self.settings = settings
    reading = PacedClient(sender: sender)
    writing = PacedClient(
      sender: sender, bucket: TokenBucket(rate: settings.updatesPerSecond, burst: 1))
  }

  func content(of role: IPSetRole) async throws(AdapterError) -> AWSWAFReader.Content {
    let request = IPSetRequest(settings: settings).reading(role, try credentials())
    let response = try await send(request, by: reading, about: role, isWriting: false)
    return try AWSWAFReader(settings: settings).content(response.body, of: role)
  }

  /// Makes a set hold these, if it still has the token.
  func replace(
    _ role: IPSetRole, with addresses: String, lockToken: String
  ) async throws(AdapterError) {
    let request = IPSetRequest(settings: settings).writing(
      role, addresses: addresses, lockToken: lockToken, try credentials())
    let response = try await send(request, by: writing, about: role, isWriting: true)
    guard AWSWAFReader.confirms(response.body) else {
      throw AWSWAFReader(settings: settings).unreadable(
        settings.arn(role), request.redact(String(response.text.prefix(200))))
    }
  }

  /// Read anew each time, so that a key can be replaced while we run.
  private func credentials() throws(AdapterError) -> IPSetRequest.Credentials {
    do throws(SecretError) {
      let key = try settings.secretAccessKey.load(named: IPSetRequest.Credentials.keyName)
      guard let token = settings.sessionToken else { return IPSetRequest.Credentials(key: key) }
      return IPSetRequest.Credentials(
        key: key, token: try token.load(named: IPSetRequest.Credentials.tokenName))
    } catch {
      throw AdapterError(code: .unauthorized, message: error.message)
    }
  }

  /// AWS says “too fast” with the status of any refusal, so it is repeated here.
  private static let attempts = 4

  private func send(
    _ request: HTTPRequest, by client: PacedClient, about role: IPSetRole, isWriting: Bool
  ) async throws(AdapterError) -> HTTPResponse {
    var attempt = 1
    while true {
      let response: HTTPResponse
      do throws(HTTPError) {
        response = try await client.send(request)
      } catch {
        let isLost = isWriting && error.fate == .unknown
        throw AdapterError(code: isLost ? .timedOut : .unavailable, message: error.message)
      }
      if response.isSuccess { return response }
      let refusal = WAFRefusal(response)
      if refusal.asksToWait, attempt < Self.attempts {
        let bound = 0.5 * Double(1 << (attempt - 1))
        if (try? await Task.sleep(for: .seconds(bound * Double.random(in: 0.5..<1)))) != nil {
          attempt += 1
          continue
        }
      }
      let words = [refusal.type, refusal.words].filter { !$0.isEmpty }.joined(separator: ": ")
      throw refusal.error(settings.arn(role), isWriting: isWriting, detail: request.redact(words))
    }
  }
}
