import Language
import NetworkTypes
import Reputation

/// Gathers what a reader finds in a feed. The reader says where it stands by `line` and `object`.
struct FeedCollector {
  private var listed: IndicatorListBuilder
  private var allowed: IndicatorListBuilder
  private var problems: [FeedProblem] = []
  private var problemCount = 0
  private(set) var omissions: [FeedOmission: Int] = [:]
  /// The objects of the problems that `listed` keeps, in their order.
  private var objects: [String?] = []
  private let limits: ListLimits
  private let file: String

  let acceptsURLHosts: Bool
  /// Where the reader stands, counted from 1.
  var line = 1
  /// The identifier of the entry, in formats that have one.
  var object: String?

  init(_ source: ReputationSource, limits: ListLimits) throws(ReputationError) {
    listed = try IndicatorListBuilder(source: source, limits: limits)
    allowed = try IndicatorListBuilder(source: source, limits: limits)
    self.limits = limits
    file = source.file
    acceptsURLHosts = source.acceptsURLHosts
  }

  /// A reader can stop then, as `finish()` will throw.
  var isFull: Bool { listed.isFull || allowed.isFull }

  mutating func add(_ field: Span<UInt8>, since: Timestamp? = nil, confidence: Double? = nil) {
    listed.add(field, line: line, since: since, confidence: confidence)
    noteObject()
  }

  mutating func add(_ field: String, since: Timestamp? = nil, confidence: Double? = nil) {
    add(field.utf8Span.span, since: since, confidence: confidence)
  }

  mutating func add(
    name: Span<UInt8>, includingSubdomains: Bool? = nil, since: Timestamp? = nil, confidence: Double? = nil
  ) {
    listed.add(
      name: name, includingSubdomains: includingSubdomains, line: line, since: since,
      confidence: confidence)
    noteObject()
  }

  mutating func add(_ indicator: Indicator, since: Timestamp? = nil, confidence: Double? = nil) {
    listed.add(indicator, line: line, since: since, confidence: confidence)
    noteObject()
  }

  /// Adds an address or a prefix; a name is a problem.
  mutating func add(address: String, since: Timestamp? = nil, confidence: Double? = nil) {
    guard let prefix = IPPrefix(address) else { return reject(address) }
    add(prefix.isHost ? .address(prefix.address) : .prefix(prefix), since: since, confidence: confidence)
  }

  /// Reports a value that is no indicator of the kind its entry announces.
  mutating func reject(_ value: String) {
    listed.report(.notAnIndicator, line: line, value.utf8Span.span)
    noteObject()
  }

  /// Adds the host of a URL, when all of it is meant or the source is set so.
  mutating func add(url: String, since: Timestamp? = nil, confidence: Double? = nil) {
    guard let host = URLHost(parsing: url.utf8Span.span) else { return reject(url) }
    guard host.isWhole || acceptsURLHosts else { return omit(.urlPath) }
    add(host.text, since: since, confidence: confidence)
  }

  mutating func allow(_ field: Span<UInt8>) {
    allowed.add(field, line: line)
    omit(.allowed)
  }

  mutating func allow(name: Span<UInt8>, includingSubdomains: Bool) {
    allowed.add(name: name, includingSubdomains: includingSubdomains, line: line)
    omit(.allowed)
  }

  mutating func omit(_ reason: FeedOmission, count: Int = 1) {
    omissions[reason, default: 0] &+= max(0, count)
  }

  mutating func report(_ code: FeedProblem.Code, _ text: Span<UInt8>) {
    problemCount += 1
    guard problems.count < limits.problems else { return }
    problems.append(FeedProblem(code, file: file, line: line, object: object, text))
  }

  mutating func report(_ code: FeedProblem.Code, _ text: String) { report(code, text.utf8Span.span) }

  consuming func finish() throws(ReputationError) -> FeedContent {
    let list = try listed.finish()
    let exceptions = try allowed.finish()
    var all = problems
    for (number, problem) in list.problems.enumerated() {
      all.append(FeedProblem(problem, object: number < objects.count ? objects[number] : nil))
    }
    all += exceptions.problems.map { FeedProblem($0, object: nil) }
    let sorted = all.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
    return FeedContent(
      list: list, allowed: exceptions, problems: Array(sorted.map(\.element).prefix(limits.problems)),
      problemCount: problemCount + list.problemCount + exceptions.problemCount, omissions: omissions)
  }

  private mutating func noteObject() {
    while objects.count < min(listed.problemCount, limits.problems) { objects.append(object) }
  }
}
