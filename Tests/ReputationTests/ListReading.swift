import Reputation

/// A source for tests; its file is read only where a test writes one.
func source(
  _ id: String = "feed", format: ListFormat = .plain, confidence: Double = 0.9, file: String = "feed.txt",
  includesSubdomains: Bool = true, acceptsPrivateAddresses: Bool = false
) -> ReputationSource {
  ReputationSource(
    id: id, name: "Feed \(id)", category: .malware, confidence: confidence, licence: "CC0-1.0",
    file: file, format: format, includesSubdomains: includesSubdomains,
    acceptsPrivateAddresses: acceptsPrivateAddresses)
}

func read(
  _ bytes: [UInt8], _ source: ReputationSource = source(), limits: ListLimits = ListLimits()
) throws -> IndicatorList {
  try IndicatorList.read(bytes.span, from: source, limits: limits)
}

func read(
  _ text: String, _ source: ReputationSource = source(), limits: ListLimits = ListLimits()
) throws -> IndicatorList {
  try read(Array(text.utf8), source, limits: limits)
}

extension IndicatorList {
  var indicators: [ListedIndicator] { (0..<count).map { self[$0] } }
  var texts: [String] { indicators.map(\.indicator.text) }
  /// `code@line` of each problem.
  var faults: [String] { problems.map { "\($0.code.rawValue)@\($0.line)" } }
}

extension ReputationIndex {
  func hit(_ name: String) -> ReputationHit? { lookUp(name: name.utf8Span.span) }
  func finds(_ name: String) -> Bool { hit(name) != nil }
}
