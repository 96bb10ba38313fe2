import Feeds
import Language
import NetworkTypes
import Promises
import Reputation

/// A list or feed of any format.
@main enum FeedsProgram {
  static func main() {
    fuzz { start, count in
      FeedsProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let source = sources[Int(first) % sources.count]
    let bytes = Array(input.dropFirst())
    let content = reading(bytes, source)
    promise(content == reading(bytes, source), "reading twice gives the same")
    guard let content else { return }
    let limits = source.limits.list
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + bytes.count { $0 == UInt8(ascii: "\r") } + 1
    promise(content.listed.count <= limits.indicators, "the indicators have a bound")
    promise(content.problems.count <= limits.problems, "the problems have a bound")
    promise(content.problems.count <= content.problemCount, "all problems are counted")
    for entry in content.listed + content.allowed {
      promise((1...lines).contains(entry.line), "an indicator has the line where it stands")
      promise(entry.confidence.map { (0...1).contains($0) } ?? true, "a confidence is a share")
      promiseSameAgain(entry.indicator)
    }
    for entry in content.allowed {
      promise(isFree(entry.indicator, of: content.listed), "what is allowed is not listed")
    }
    for problem in content.problems {
      promise(problem.line >= 1 && problem.line <= lines, "a problem has the line where it is")
      promise(
        problem.excerpt.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
          && problem.excerpt.count <= IndicatorProblem.excerptLimit, "an excerpt is short and visible")
      promise(!problem.message.en.isEmpty && !problem.message.ja.isEmpty, "a problem can be told")
    }
  }
}

private struct Reading: Equatable {
  var listed: [ListedIndicator]
  var allowed: [ListedIndicator]
  var problems: [FeedProblem]
  var problemCount: Int
}

private func reading(_ bytes: [UInt8], _ source: FeedSource) -> Reading? {
  do throws(FeedError) {
    // 2026-06-01T00:00:00Z.
    let content = try FeedReader.read(bytes, from: source, now: Timestamp(seconds: 1_780_272_000))
    return Reading(
      listed: (0..<content.list.count).map { content.list[$0] },
      allowed: (0..<content.allowed.count).map { content.allowed[$0] }, problems: content.problems,
      problemCount: content.problemCount)
  } catch {
    promise(!error.message.en.isEmpty && !error.message.ja.isEmpty, "an error can be told")
    return nil
  }
}

/// The text of an indicator, read as a list of one line, is the indicator.
private func promiseSameAgain(_ indicator: Indicator) {
  let source = ReputationSource(
    id: "again", name: "Again", category: .malware, confidence: 0.5, file: "again.txt",
    includesSubdomains: false)
  var text = indicator.text
  if case .domain(_, includingSubdomains: true) = indicator { text = "*." + text }
  let list = try? IndicatorList.read(text.utf8Span.span, from: source)
  promise(list?.count == 1 && list?[0].indicator == indicator, "the text of an indicator is the indicator")
}

private func isFree(_ indicator: Indicator, of listed: [ListedIndicator]) -> Bool {
  listed.allSatisfy { entry in
    switch (entry.indicator, indicator) {
    case (.domain(let bad, let includesSubdomains), .domain(let good, _)):
      bad != good && !(includesSubdomains && bad.contains(good))
    case (.prefix(let bad), .address(let good)): !bad.contains(good)
    case (.prefix(let bad), .prefix(let good)): !bad.contains(good)
    case (let bad, let good): bad != good
    }
  }
}

private let sources: [FeedSource] = {
  let csv = CSVLayout(indicator: .number(2), port: .number(3), since: .number(1))
  let named = CSVLayout(indicator: .name("host"), since: .name("seen"), separator: UInt8(ascii: ";"))
  let formats: [FeedFormat] = [
    .list(.plain), .list(.csv(csv)), .list(.csv(named)), .list(.hosts), .adblock, .dnsmasq, .unbound,
    .policyZone(localData: true), .policyZone(localData: false),
    .reputationList(minimumScore: 20, categories: [1, 3]), .dataset(.string, minimumScore: 0),
    .dataset(.ip, minimumScore: 50), .dataset(.sha256, minimumScore: 0), .spamhaus, .misp(maximumAge: nil),
    .misp(maximumAge: .seconds(30 * 86_400)), .stix(minimumConfidence: 10),
    .taxii(TAXIICollection(name: "c"), minimumConfidence: 0), .crowdsec(types: ["ban"]),
  ]
  return formats.enumerated().map { number, format in
    FeedSource(
      reputation: ReputationSource(
        id: "feed", name: "Feed", category: .malware, confidence: 0.9, file: "feed.txt",
        includesSubdomains: number % 2 == 0, acceptsURLHosts: number % 3 == 0),
      format: format, origin: .file("feed.txt"),
      limits: FeedLimits(list: ListLimits(bytes: 1 << 16, indicators: 200, lineBytes: 1024, problems: 10)))
  }
}()
