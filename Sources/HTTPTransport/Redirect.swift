import Language

extension HTTPRequest {
  /// The same request for the address that an answer points to.
  ///
  /// Only `https` is followed, so a redirect can neither reach into files nor down to plain text. What
  /// is secret, or usually is, stays with the origin (scheme, host, port) that it was meant for.
  func redirected(to place: String, after status: Int, isOneTooMany: Bool) throws(HTTPError) -> HTTPRequest {
    func refuse(_ reason: Phrase) -> HTTPError {
      HTTPError(code: .redirectRefused, fate: .unknown, request: self, status: status, reason: reason)
    }
    guard !isOneTooMany else {
      throw refuse(Phrase(en: "there were too many", ja: "回数が上限を超えました"))
    }
    let target: HTTPURL
    do throws(HTTPURLError) {
      // A fragment is not sent (RFC 9110, section 10.2.2).
      target = try HTTPURL(String(place.prefix { $0 != "#" }))
    } catch {
      throw refuse(error.message)
    }
    guard target.scheme == .https else {
      throw refuse(Phrase(en: "it does not lead to https", ja: "リダイレクト先が https ではありません"))
    }
    var next = self
    next.url = target
    guard target.origin != url.origin else { return next }
    let personal = ["authorization", "cookie", "x-api-key"]
    next.headers.removeAll { $0.value.holdsSecret || personal.contains($0.name.lowercased()) }
    next.signature = nil
    next.transport.tls.clientCertificate = nil
    return next
  }
}
