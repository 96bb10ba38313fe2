import HTTPTransport
import Language
import NetworkTypes
import Reputation

extension FeedFetch {
  /// The media type of TAXII 2.1 (section 1.6.8.1 of the specification).
  private static var mediaType: String { "application/taxii+json;version=2.1" }

  /// Objects asked for at a time; a server may give fewer.
  private static var pageSize: Int { 1000 }
  private static var maximumPages: Int { 100_000 }

  /// Reads what was added to a collection since the last time, and puts it to what is kept.
  func taxii(_ address: FeedAddress, _ collection: TAXIICollection) async throws(FeedError) -> FeedDownload {
    let objects = try await objectsPath(address, collection)
    var archive = STIXArchive()
    if let kept {
      do throws(JSONFault) {
        try archive.add(kept)
      } catch {
        throw FeedError(error, feed: source.id, place: source.reputation.file)
      }
    }
    let before = archive.changes
    var cursor = kept == nil ? nil : state.cursor
    let since = cursor
    var next: String?
    var received = 0
    for _ in 0..<Self.maximumPages {
      // A server may insist that a continued request repeats every parameter of the first.
      var query = [(name: "match[type]", value: "indicator"), (name: "limit", value: "\(Self.pageSize)")]
      if let since { query.append((name: "added_after", value: since)) }
      if let next { query.append((name: "next", value: next)) }
      let response = try await get(
        try self.address(objects, query: query, of: address), of: address, accept: Self.mediaType)
      received += response.body.count
      guard received <= source.limits.list.bytes, archive.byteCount <= source.limits.list.bytes else {
        throw .tooLarge(source.id, limit: source.limits.list.bytes)
      }
      let page = try page(response, into: &archive)
      let added =
        response.headers["X-TAXII-Date-Added-Last"] ?? response.headers["X-TAXII-Date-Added-First"]
      if let added, added.utf8.count <= 64, Timestamp(added) != nil { cursor = later(cursor, added) }
      guard page.more else {
        if kept != nil, archive.changes == before {
          return .unchanged(notBefore: earliestNext(after: response))
        }
        return .content(.init(bytes: archive.bytes, cursor: cursor))
      }
      guard let following = page.next, following != next || page.count > 0 else {
        throw .breach(
          source.id,
          Phrase(
            en: "the server says that there is more and does not say where (TAXII 2.1, section 3.7).",
            ja: "サーバーは続きがあると言いながら、その位置を示しません（TAXII 2.1 第 3.7 節）。"))
      }
      next = following
    }
    throw .breach(
      source.id,
      Phrase(en: "the collection never ends.", ja: "コレクションのページが終わりません。"))
  }

  private func later(_ a: String?, _ b: String) -> String {
    guard let a, let first = Timestamp(a), let second = Timestamp(b) else { return b }
    return first < second ? b : a
  }

  private func page(
    _ response: HTTPResponse, into archive: inout STIXArchive
  ) throws(FeedError) -> (more: Bool, next: String?, count: Int) {
    guard response.body.first(where: { $0 > 0x20 }) != UInt8(ascii: "<") else { throw .notAList(source.id) }
    var more = false
    var next: String?
    do throws(JSONFault) {
      let before = archive.objectCount
      var scanner = JSONScanner(response.body)
      try scanner.members { (scanner, key) throws(JSONFault) in
        switch key {
        case "more": more = try scanner.value().flag ?? false
        case "next": next = try scanner.value().text
        case "objects": try archive.add(elements: &scanner)
        default: try scanner.skip()
        }
      }
      guard scanner.isAtEnd() else { throw JSONFault(reason: .syntax, line: scanner.line) }
      return (more, next, archive.objectCount - before)
    } catch {
      throw FeedError(error, feed: source.id, place: response.url.withoutQuery)
    }
  }

  // MARK: Finding the collection

  private func objectsPath(
    _ address: FeedAddress, _ collection: TAXIICollection
  ) async throws(FeedError) -> String {
    let root = try await rootPath(address, collection)
    let list = try await resource(root + "collections/", address)
    for entry in list["collections"]?.elements ?? [] {
      guard let id = entry["id"]?.text, id.utf8.count <= 256 else { continue }
      guard [id, entry["alias"]?.text, entry["title"]?.text].contains(collection.name) else { continue }
      guard entry["can_read"]?.flag != false else {
        throw FeedError(
          .notAuthorized, source.id,
          en: "the collection “\(collection.name)” may not be read with this user.",
          ja: "コレクション「\(collection.name)」をこのユーザーで読む権限がありません。")
      }
      return "\(root)collections/\(id)/objects/"
    }
    throw FeedError(
      .protocol, source.id,
      en: "the server has no collection “\(collection.name)”. Give its identifier, alias or title.",
      ja: "サーバーにコレクション「\(collection.name)」がありません。識別子・別名・題名のいずれかを指定してください。")
  }

  private func rootPath(
    _ address: FeedAddress, _ collection: TAXIICollection
  ) async throws(FeedError) -> String {
    if let root = collection.root { return try path(of: root, address) }
    let discovery = try await resource(Self.folder(of: address), address)
    let roots = discovery["api_roots"]?.elements?.compactMap(\.text) ?? []
    guard let root = discovery["default"]?.text ?? (roots.count == 1 ? roots[0] : nil) else {
      let names = roots.prefix(10).map { String($0.prefix(100)) }.joined(separator: ", ")
      throw FeedError(
        .protocol, source.id,
        en: "the server has several API roots and no default; set taxii.api-root to one of: \(names)",
        ja: "サーバーに API ルートが複数あり、既定がありません。taxii.api-root に次のいずれかを指定してください: \(names)")
    }
    return try path(of: root, address)
  }

  /// The path of an API root, which may be given as a whole address of the same server.
  private func path(of root: String, _ address: FeedAddress) throws(FeedError) -> String {
    var path = root
    if root.contains("://") {
      let url: HTTPURL
      do throws(HTTPURLError) {
        url = try HTTPURL(root)
      } catch {
        throw .breach(source.id, error.message)
      }
      // Checked here, as only the path is used from now on.
      _ = try request(url, of: address)
      path = url.target
    } else if !root.hasPrefix("/") {
      path = Self.folder(of: address) + root
    }
    return path.hasSuffix("/") ? path : path + "/"
  }

  private func resource(_ path: String, _ address: FeedAddress) async throws(FeedError) -> JSONValue {
    let response = try await get(
      try self.address(path, of: address), of: address, accept: Self.mediaType)
    do throws(JSONFault) {
      var scanner = JSONScanner(response.body)
      return try scanner.value()
    } catch {
      throw FeedError(error, feed: source.id, place: response.url.withoutQuery)
    }
  }
}
