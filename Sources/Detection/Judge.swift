public import Reputation

/// Turns what is listed about a destination into a verdict. The same listings give the same verdict.
public struct Judge: Hashable, Sendable {
  public let thresholds: Thresholds
  private let model = ListingModel()

  public init(thresholds: Thresholds = .standard) { self.thresholds = thresholds }

  /// The verdict on a destination by its name and its address, as far as they are known.
  public func verdict(on destination: Destination, in index: ReputationIndex) -> Verdict {
    let byName = destination.name.map { index.evidence(concerning: $0) } ?? []
    let byAddress = destination.address.map { index.evidence(concerning: $0) } ?? []
    return verdict(on: destination, evidence: byName + byAddress)
  }

  /// The verdict that given evidence leads to: how a stored verdict is computed again.
  public func verdict(on destination: Destination, evidence: [Evidence]) -> Verdict {
    Verdict(
      destination: destination, terms: model.terms(for: evidence), thresholds: thresholds,
      evidence: evidence, model: ListingModel.identifier)
  }
}
