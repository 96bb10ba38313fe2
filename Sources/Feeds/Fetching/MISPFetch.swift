import HTTPTransport
import NetworkTypes
import Reputation

/// Where the files of a MISP feed are.
enum MISPPlace {
  case directory(String)
  case web(FeedAddress)
}

extension FeedFetch {
  /// Most events of one feed.
  private static var maximumEvents: Int { 50_000 }

  /// Reads the manifest and those events that are new or have changed; the lines of the others are kept.
  func misp(_ place: MISPPlace, _ maximumAge: Duration?) async throws(FeedError) -> FeedDownload {
    let manifest: [UInt8]
    var validators: CacheValidators?
    switch place {
    case .directory(let path):
      manifest = try FeedStore.contents(
        of: path + "/manifest.json", limit: source.limits.list.bytes, feed: source.id)
    case .web(let address):
      let folder = Self.folder(of: address, dropping: "manifest.json")
      let request = try request(try self.address(folder + "manifest.json", of: address), of: address)
      switch try await fetch(request, unless: kept == nil ? nil : state.validators) {
      case .notModified: return .unchanged(notBefore: nil)
      case .content(let response, let new): (manifest, validators) = (response.body, new)
      case .other(let response): throw failure(response)
      }
    }
    var events = try mispEvents(in: manifest)
    if let maximumAge {
      let oldest = (now - maximumAge).seconds
      events.removeAll { $0.timestamp < oldest }
    }
    let known = try keptEvents()
    var bytes: [UInt8] = []
    for event in events {
      if let lines = known[event.uuid], lines.timestamp == event.timestamp, let kept {
        bytes += kept[lines.range]
      } else if let content = try await mispEvent(event.uuid, in: place) {
        do throws(JSONFault) {
          bytes += try MISPEvent(content, uuid: event.uuid, timestamp: event.timestamp).keptLines
        } catch {
          throw FeedError(error, feed: source.id, place: event.uuid + ".json")
        }
      }
      guard bytes.count <= source.limits.list.bytes else {
        throw .tooLarge(source.id, limit: source.limits.list.bytes)
      }
    }
    return .content(.init(bytes: bytes, validators: validators))
  }

  /// The content of an event; `nil` when the manifest is ahead of the files: it comes with a later update.
  private func mispEvent(_ uuid: String, in place: MISPPlace) async throws(FeedError) -> [UInt8]? {
    switch place {
    case .directory(let path):
      return try FeedStore.contents(
        of: "\(path)/\(uuid).json", limit: source.limits.list.bytes, feed: source.id)
    case .web(let address):
      let folder = Self.folder(of: address, dropping: "manifest.json")
      let request = try request(try self.address("\(folder)\(uuid).json", of: address), of: address)
      switch try await fetch(request, unless: nil) {
      case .content(let response, _): return response.body
      case .other(let response) where response.status == 404: return nil
      case .other(let response): throw failure(response)
      case .notModified: return nil
      }
    }
  }

  /// The events of a manifest in the order of their identifiers.
  private func mispEvents(in manifest: [UInt8]) throws(FeedError) -> [(uuid: String, timestamp: Int64)] {
    var events: [String: Int64] = [:]
    do throws(JSONFault) {
      var scanner = JSONScanner(manifest)
      try scanner.members { (scanner, uuid) throws(JSONFault) in
        let entry = try scanner.value()
        // The identifier becomes part of a path.
        guard Self.isUUID(uuid), events.count < Self.maximumEvents else {
          throw JSONFault(reason: events.count < Self.maximumEvents ? .syntax : .tooLarge, line: scanner.line)
        }
        events[uuid] = entry["timestamp"]?.integer ?? 0
      }
    } catch {
      guard manifest.first(where: { $0 > 0x20 }) != UInt8(ascii: "<") else { throw .notAList(source.id) }
      throw FeedError(error, feed: source.id, place: "manifest.json")
    }
    return events.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func isUUID(_ text: String) -> Bool {
    text.utf8.count == 36
      && text.utf8.allSatisfy { byte in
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6 || byte == UInt8(ascii: "-")
      }
  }

  /// Where in the kept lines each event stands, and its time.
  private func keptEvents() throws(FeedError) -> [String: (timestamp: Int64, range: Range<Int>)] {
    guard let kept else { return [:] }
    var starts: [(uuid: String, timestamp: Int64, start: Int)] = []
    var scanner = JSONScanner(kept)
    while !scanner.isAtEnd() {
      let start = scanner.position
      // What cannot be read any more is fetched anew.
      guard let entry = try? scanner.value() else { return [:] }
      if let uuid = entry["event"]?.text, let timestamp = entry["timestamp"]?.integer {
        starts.append((uuid, timestamp, start))
      }
    }
    var events: [String: (timestamp: Int64, range: Range<Int>)] = [:]
    for (number, event) in starts.enumerated() {
      let end = number + 1 < starts.count ? starts[number + 1].start : kept.count
      events[event.uuid] = (event.timestamp, event.start..<end)
    }
    return events
  }
}
