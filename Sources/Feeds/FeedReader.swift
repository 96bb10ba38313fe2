import Language
public import NetworkTypes
import Reputation

/// Reads the content of a feed by its format.
public enum FeedReader {
  /// - Parameters:
  ///   - bytes: the document, or for MISP, TAXII and CrowdSec the lines that are kept of it.
  ///   - now: decides what has expired.
  /// - Throws: `notAList`, `malformed`, `incomplete`, `tooLarge`, `unusable`. A fault of one entry is a
  ///   problem in the content instead.
  public static func read(
    _ bytes: [UInt8], from source: FeedSource, now: Timestamp
  ) throws(FeedError) -> FeedContent {
    let limits = source.limits.list
    guard bytes.count <= limits.bytes else { throw .tooLarge(source.id, limit: limits.bytes) }
    guard !isMarkup(bytes) else { throw .notAList(source.id) }
    guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
      throw FeedError(
        .malformed, source.id, en: "it is UTF-16, which no format here uses.", ja: "UTF-16 の文書は読めません。")
    }
    guard case .list(let format) = source.format else { return try readFeed(bytes, source, now) }
    do throws(ReputationError) {
      return try readList(bytes, source.reputation, format, limits)
    } catch {
      throw FeedError(error, feed: source.id)
    }
  }

  /// Reads the file that a feed of this host is. A MISP feed is many files, and only updated.
  public static func read(fileOf source: FeedSource, now: Timestamp) throws(FeedError) -> FeedContent {
    guard case .file(let path) = source.origin else {
      throw .storage(
        source.id, source.origin.text, Phrase(en: "it is not a file", ja: "ファイルではありません"))
    }
    let bytes = try FeedStore.contents(of: path, limit: source.limits.list.bytes, feed: source.id)
    return try read(bytes, from: source, now: now)
  }

  private static func readList(
    _ bytes: [UInt8], _ source: ReputationSource, _ format: ListFormat, _ limits: ListLimits
  ) throws(ReputationError) -> FeedContent {
    var source = source
    source.format = format
    let list = try IndicatorList.read(bytes.span, from: source, limits: limits)
    return FeedContent(
      list: list, allowed: try IndicatorListBuilder(source: source, limits: limits).finish(),
      problems: list.problems.map { FeedProblem($0, object: nil) }, problemCount: list.problemCount,
      omissions: [:])
  }

  private static func readFeed(
    _ bytes: [UInt8], _ source: FeedSource, _ now: Timestamp
  ) throws(FeedError) -> FeedContent {
    let limit = source.limits.list.lineBytes
    var collector: FeedCollector
    do throws(ReputationError) {
      collector = try FeedCollector(source.reputation, limits: source.limits.list)
    } catch {
      throw FeedError(error, feed: source.id)
    }
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let text = bytes.span.extracting(start..<bytes.count)
    var records: (announced: Int, found: Int)?
    do throws(JSONFault) {
      switch source.format {
      case .list: preconditionFailure("lists are read by the room Reputation")
      case .adblock: collector.readAdblock(text, limit: limit)
      case .dnsmasq: collector.readDnsmasq(text, limit: limit)
      case .unbound: collector.readUnbound(text, limit: limit)
      case .policyZone(let localData):
        collector.readPolicyZone(text, acceptingLocalData: localData, limit: limit)
      case .reputationList(let score, let categories):
        collector.readReputationList(text, minimumScore: score, categories: categories, limit: limit)
      case .dataset(let type, let score):
        collector.readDataset(text, type: type, minimumScore: score, limit: limit)
      case .spamhaus:
        records = collector.readSpamhaus(text, limit: limit)
      case .misp: try collector.readMISP(bytes)
      case .stix(let confidence), .taxii(_, let confidence):
        try collector.readSTIX(
          bytes, now: now, minimumConfidence: confidence, sourceConfidence: source.reputation.confidence)
      case .crowdsec(let types): try collector.readCrowdSec(bytes, types: types, now: now)
      }
    } catch {
      throw FeedError(error, feed: source.id, place: source.reputation.file)
    }
    if let (announced, found) = records, found < announced {
      throw FeedError(
        .incomplete, source.id,
        en: "it announces \(announced) records and has \(found). It is fetched again later.",
        ja: "\(announced) 件あるはずのレコードが \(found) 件しかありません。後で取得し直します。")
    }
    do throws(ReputationError) {
      return try collector.finish()
    } catch {
      throw FeedError(error, feed: source.id)
    }
  }

  /// Whether the bytes are HTML or XML, which no format here is.
  private static func isMarkup(_ bytes: [UInt8]) -> Bool {
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    return bytes[start...].first { $0 > 0x20 } == UInt8(ascii: "<")
  }
}
