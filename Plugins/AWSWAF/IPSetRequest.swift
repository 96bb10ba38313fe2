import HTTPTransport

/// The requests to the API, the same for what is shown and for what is sent. JSON 1.1, signed (AWS
/// Signature Version 4).
struct IPSetRequest {
  let settings: AWSWAFSettings

  /// What signs a request.
  struct Credentials {
    var key: Secret
    var token: Secret?

    static let keyName = "secret-access-key"
    static let tokenName = "session-token"

    /// Only their names, for what is shown.
    static func named(_ settings: AWSWAFSettings) -> Credentials {
      Credentials(
        key: Secret(name: keyName, value: keyName),
        token: settings.sessionToken.map { _ in Secret(name: tokenName, value: tokenName) })
    }
  }

  /// Reads a set with its lock token.
  func reading(_ role: IPSetRole, _ credentials: Credentials) -> HTTPRequest {
    var request = request("GetIPSet", "{\(identity(role))}", credentials)
    request.retry = RetryPolicy(
      attempts: 3, statuses: [429, 500, 502, 503, 504], isRepeatable: true, longestDelay: .seconds(2),
      longestRetryAfter: .seconds(5))
    return request
  }

  /// Replaces what is in a set. AWS drops a description that is not sent again.
  func writing(
    _ role: IPSetRole, addresses: String, lockToken: String, _ credentials: Credentials
  ) -> HTTPRequest {
    let body =
      "{\(identity(role)),\"Description\":\"\(IPSetRole.mark)\",\"Addresses\":\(addresses),"
      + "\"LockToken\":\"\(lockToken)\"}"
    var request = request("UpdateIPSet", body, credentials)
    // Nothing was done then. Any other failure may hide a change, and only reading tells.
    request.retry = RetryPolicy(attempts: 3, statuses: [429], longestRetryAfter: .seconds(5))
    return request
  }

  private func identity(_ role: IPSetRole) -> String {
    let arn = settings.arn(role)
    return "\"Name\":\"\(arn.name)\",\"Scope\":\"\(arn.scope)\",\"Id\":\"\(arn.id)\""
  }

  private func request(_ action: String, _ body: String, _ credentials: Credentials) -> HTTPRequest {
    var headers: [HTTPRequest.Field] = [
      .init("Content-Type", "application/x-amz-json-1.1"),
      .init("X-Amz-Target", "AWSWAF_20190729.\(action)"),
    ]
    if let token = credentials.token { headers.append(.init("X-Amz-Security-Token", "\(token)")) }
    return HTTPRequest(
      .post, settings.endpoint, headers: headers, body: SensitiveText(body),
      signature: RequestSignature(
        keyIdentifier: settings.accessKeyID, key: credentials.key, region: settings.blockIPv4.region,
        service: "wafv2"),
      transport: TransportSettings(
        tls: TLSSettings(authorityFile: settings.authorityFile),
        proxy: settings.isLoopback ? .none : .environment,
        // Below the time that the engine gives an operation, so that it is we who say what was lost.
        limits: TransportLimits(total: .seconds(20), connect: .seconds(5)),
        permitsPlainText: settings.isLoopback))
  }
}
