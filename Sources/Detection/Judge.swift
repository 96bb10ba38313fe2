public import Reputation

/// Turns what is listed about a destination, and how its name looks, into a verdict. The same listings
/// and the same model give the same verdict.
public struct Judge: Sendable {
  public let thresholds: Thresholds
  private let listings = ListingModel()
  private let names: NameTerms?

  /// From which name score on a name blocks by itself.
  public enum NameLimit: Sendable {
    /// That of one in 10,000 ordinary names.
    case oneIn10000
    /// That of one in 1,000: finds more, and is wrong ten times as often.
    case oneIn1000
  }

  /// Without a name model only listings count.
  public init(
    thresholds: Thresholds = .standard, nameModel: NameModel? = nil, nameLimit: NameLimit = .oneIn10000,
    popular: PopularNames = .none
  ) {
    self.thresholds = thresholds
    names = nameModel.map { model in
      NameTerms(
        model: model, popular: popular,
        limit: nameLimit == .oneIn10000 ? model.thresholds.oneIn10000 : model.thresholds.oneIn1000)
    }
  }

  /// The verdict on a destination by its name and its address, as far as they are known.
  public func verdict(on destination: Destination, in index: ReputationIndex) -> Verdict {
    let byName = destination.name.map { index.evidence(concerning: $0) } ?? []
    let byAddress = destination.address.map { index.evidence(concerning: $0) } ?? []
    return verdict(on: destination, evidence: byName + byAddress)
  }

  /// The verdict that given evidence leads to: how a stored verdict is computed again.
  public func verdict(on destination: Destination, evidence: [Evidence]) -> Verdict {
    var terms = listings.terms(for: evidence)
    if let names, let name = destination.name {
      terms += names.terms(for: name, thresholds, isListed: !terms.isEmpty)
    }
    return Verdict(
      destination: destination, terms: terms, thresholds: thresholds, evidence: evidence,
      model: ListingModel.identifier + (names.map { " + \($0.model.identifier)" } ?? ""))
  }
}
