/// What a server gave along with a content, to ask later whether it is still the same (RFC 9110,
/// section 8.8). Kept by the caller beside the content.
public struct CacheValidators: Sendable, Hashable, Codable {
  /// The value of `ETag`, quotes included.
  public var entityTag: String?
  /// The value of `Last-Modified`, as the server wrote it.
  public var lastModified: String?

  /// Longer ones are not kept: they would come back with every request.
  static let longest = 1024

  public init(entityTag: String? = nil, lastModified: String? = nil) {
    self.entityTag = entityTag
    self.lastModified = lastModified
  }

  init(_ headers: HTTPHeaders) {
    func usable(_ name: String) -> String? {
      headers[name].flatMap { value in
        let isPlain = value.utf8.allSatisfy { $0 > 0x1F && $0 != 0x7F }
        return !value.isEmpty && value.utf8.count <= Self.longest && isPlain ? value : nil
      }
    }
    self.init(entityTag: usable("ETag"), lastModified: usable("Last-Modified"))
  }
}

/// What became of a content that is fetched again and again.
public enum ConditionalAnswer: Sendable {
  /// 304: what the caller has is current.
  case notModified
  /// 200: here it is, with what to ask by next time.
  case content(HTTPResponse, CacheValidators)
  /// Any other status. What the caller has stays the last known good.
  case other(HTTPResponse)
}

extension HTTPSending {
  /// GET that brings the content only when it changed. Fields of the request with the same names are
  /// replaced.
  public func fetch(
    _ request: HTTPRequest, unless validators: CacheValidators?
  ) async throws(HTTPError) -> ConditionalAnswer {
    var conditional = request
    let conditions = ["If-None-Match", "If-Modified-Since"]
    conditional.headers.removeAll { field in conditions.contains { HTTPHeaders.isSame($0, field.name) } }
    if let tag = validators?.entityTag {
      conditional.headers.append(.init("If-None-Match", SensitiveText(tag)))
    }
    if let date = validators?.lastModified {
      conditional.headers.append(.init("If-Modified-Since", SensitiveText(date)))
    }
    let response = try await send(conditional)
    switch response.status {
    case 200: return .content(response, CacheValidators(response.headers))
    // Without a condition 304 answers a question that was not asked.
    case 304 where validators?.entityTag != nil || validators?.lastModified != nil: return .notModified
    default: return .other(response)
    }
  }
}
