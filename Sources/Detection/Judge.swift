import NetworkTypes
public import Reputation

/// Turns what is listed about a destination, and how its name looks, into a verdict. The same listings
/// and the same model give the same verdict.
public struct Judge: Sendable {
  public let thresholds: Thresholds
  /// The model that names are judged by; `nil` when only listings count.
  public let nameModel: NameModel?
  /// From which score on a name blocks by itself, in hundredths of points; `nil` without a model.
  public let nameLimit: Int?
  /// Names that many people use; `nil` when nothing is known of that.
  public let popular: PopularNames?

  /// From which name score on a name blocks by itself.
  public enum NameLimit: String, Sendable, CaseIterable {
    /// That of one in 10,000 ordinary names.
    case oneIn10000 = "one-in-10000"
    /// That of one in 1,000: finds more, and is wrong ten times as often.
    case oneIn1000 = "one-in-1000"
  }

  /// - Parameters:
  ///   - nameModel: without one only listings count.
  ///   - popular: names whose score alone must not block. `nil` means that nobody knows: then no score
  ///     alone blocks.
  public init(
    thresholds: Thresholds = .standard, nameModel: NameModel? = nil, nameLimit: NameLimit = .oneIn10000,
    popular: PopularNames? = nil
  ) {
    self.thresholds = thresholds
    self.nameModel = nameModel
    self.nameLimit = nameModel.map { model in
      nameLimit == .oneIn10000 ? model.thresholds.oneIn10000 : model.thresholds.oneIn1000
    }
    self.popular = popular
  }

  /// The verdict on a destination by its name, its address and its port, as far as they are known.
  ///
  /// - Parameter marks: listings of what a connection to the destination showed: the certificate of the
  ///   server, the fingerprint of the hello.
  public func verdict(
    on destination: Destination, marks: [Evidence] = [], in index: ReputationIndex
  ) -> Verdict {
    let byName = destination.name.map { index.evidence(concerning: $0) } ?? []
    let byAddress =
      destination.address.map { index.evidence(concerning: $0, port: destination.port) } ?? []
    return verdict(on: destination, evidence: byName + byAddress + marks)
  }

  /// The verdict that given evidence leads to.
  public func verdict(on destination: Destination, evidence: [Evidence]) -> Verdict {
    guard let nameModel, let nameLimit, let name = destination.name else {
      return Self.verdict(on: destination, evidence, thresholds, nil, nil)
    }
    let popularity: NameBasis.Popularity =
      if let popular { popular.contains(name, by: nameModel) ? .popular : .notPopular } else { .unknown }
    return Self.verdict(
      on: destination, evidence, thresholds, nameModel,
      NameBasis(model: nameModel.digest, limit: nameLimit, popularity: popularity))
  }

  /// A kept verdict computed again from what is kept with it: evidence, thresholds, and the model file
  /// that it names by hash.
  ///
  /// - Returns: `nil` when the verdict rests on another model than the one given.
  public static func recomputed(_ kept: Verdict, with nameModel: NameModel?) -> Verdict? {
    guard let thresholds = Thresholds(block: kept.threshold, report: kept.reportThreshold),
      kept.basis.map({ $0.model == nameModel?.digest }) ?? true
    else { return nil }
    return verdict(on: kept.destination, kept.evidence, thresholds, nameModel, kept.basis)
  }

  private static func verdict(
    on destination: Destination, _ evidence: [Evidence], _ thresholds: Thresholds, _ nameModel: NameModel?,
    _ basis: NameBasis?
  ) -> Verdict {
    var terms = ListingModel().terms(for: evidence)
    var model = ListingModel.identifier
    if let nameModel, let basis, let name = destination.name {
      terms += NameTerms(model: nameModel, basis: basis).terms(
        for: name, thresholds, isListed: !terms.isEmpty)
      model += " + \(nameModel.identifier)"
    }
    return Verdict(
      destination: destination, terms: terms, thresholds: thresholds, evidence: evidence, model: model,
      basis: basis)
  }
}
