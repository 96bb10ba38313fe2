import NetworkTypes
public import Reputation

/// Turns what is listed about a destination, and how its name looks or what is around its address, into a
/// verdict. The same listings
/// and the same model give the same verdict.
public struct Judge: Sendable {
  public let thresholds: Thresholds
  /// The model that names are judged by; `nil` when only listings count.
  public let nameModel: NameModel?
  /// The model that addresses without a name are judged by; `nil` when only listings count.
  public let addressModel: AddressModel?
  /// From which score on a name, or an address without one, blocks by itself.
  public let limit: Limit
  /// Names that many people use; `nil` when nothing is known of that.
  public let popular: PopularNames?

  /// From which score on a destination blocks by itself.
  public enum Limit: String, Sendable, CaseIterable {
    /// That of one in 10,000 ordinary names or addresses.
    case oneIn10000 = "one-in-10000"
    /// That of one in 1,000: finds more, and is wrong ten times as often.
    case oneIn1000 = "one-in-1000"
  }

  /// - Parameters:
  ///   - nameModel: without one only listings count for names.
  ///   - addressModel: without one only listings count for addresses.
  ///   - popular: names whose score alone must not block. `nil` means that nobody knows: then no score
  ///     alone blocks.
  public init(
    thresholds: Thresholds = .standard, nameModel: NameModel? = nil, addressModel: AddressModel? = nil,
    limit: Limit = .oneIn10000, popular: PopularNames? = nil
  ) {
    self.thresholds = thresholds
    self.nameModel = nameModel
    self.addressModel = addressModel
    self.limit = limit
    self.popular = popular
  }

  /// The verdict on a destination by its name, its address and its port, as far as they are known.
  ///
  /// - Parameters:
  ///   - marks: listings of what a connection to the destination showed: the certificate of the server,
  ///     the fingerprint of the hello.
  ///   - isNamed: whether names are known of an address that comes without one. Then these are to be
  ///     judged, and what is around the address says nothing.
  public func verdict(
    on destination: Destination, marks: [Evidence] = [], isNamed: Bool = false, in index: ReputationIndex
  ) -> Verdict {
    let byName = destination.name.map { index.evidence(concerning: $0) } ?? []
    let byAddress =
      destination.address.map { index.evidence(concerning: $0, port: destination.port) } ?? []
    return verdict(on: destination, evidence: byName + byAddress + marks, isNamed: isNamed)
  }

  /// The verdict that given evidence leads to.
  public func verdict(
    on destination: Destination, evidence: [Evidence], isNamed: Bool = false
  ) -> Verdict {
    Self.verdict(
      on: destination, evidence, thresholds, nameModel, addressModel, basis(destination, isNamed: isNamed))
  }

  /// How likely harm is by what the destination itself tells, 0...1; `nil` when it was not judged by that.
  public func probability(of verdict: Verdict) -> Double? {
    guard verdict.basis != nil, verdict.ownPoints != nil else { return nil }
    if let name = verdict.destination.name {
      return nameModel.flatMap { model in model.score(name).map { model.probability($0) } }
    }
    guard let address = verdict.destination.address else { return nil }
    return addressModel.flatMap { model in model.score(address).map { model.probability($0) } }
  }

  private func basis(_ destination: Destination, isNamed: Bool) -> ScoreBasis? {
    func number(_ limits: ScoreThresholds) -> Int {
      limit == .oneIn10000 ? limits.oneIn10000 : limits.oneIn1000
    }
    if let name = destination.name {
      return nameModel.map { model in
        let popularity: ScoreBasis.Popularity =
          if let popular { popular.contains(name, by: model) ? .popular : .notPopular } else { .unknown }
        return ScoreBasis(model: model.digest, limit: number(model.thresholds), popularity: popularity)
      }
    }
    guard !isNamed, let address = destination.address, address.isIPv4 else { return nil }
    return addressModel.map {
      ScoreBasis(model: $0.digest, limit: number($0.thresholds), popularity: nil)
    }
  }

  /// A kept verdict computed again from what is kept with it: evidence, thresholds, and the model file
  /// that it names by hash.
  ///
  /// - Returns: `nil` when the verdict rests on another model than those given.
  public static func recomputed(
    _ kept: Verdict, with nameModel: NameModel?, _ addressModel: AddressModel? = nil
  ) -> Verdict? {
    let given = kept.destination.name == nil ? addressModel?.digest : nameModel?.digest
    guard let thresholds = Thresholds(block: kept.threshold, report: kept.reportThreshold),
      kept.basis.map({ $0.model == given }) ?? true
    else { return nil }
    return verdict(on: kept.destination, kept.evidence, thresholds, nameModel, addressModel, kept.basis)
  }

  private static func verdict(
    on destination: Destination, _ evidence: [Evidence], _ thresholds: Thresholds, _ nameModel: NameModel?,
    _ addressModel: AddressModel?, _ basis: ScoreBasis?
  ) -> Verdict {
    var terms = ListingModel().terms(for: evidence)
    var model = ListingModel.identifier
    if let basis {
      if let name = destination.name, let nameModel {
        terms += NameTerms(model: nameModel, basis: basis).terms(
          for: name, thresholds, isListed: !terms.isEmpty)
        model += " + \(nameModel.identifier)"
      } else if destination.name == nil, let address = destination.address, let addressModel {
        terms += AddressTerms(model: addressModel, basis: basis).terms(for: address, thresholds)
        model += " + \(addressModel.identifier)"
      }
    }
    return Verdict(
      destination: destination, terms: terms, thresholds: thresholds, evidence: evidence, model: model,
      basis: basis)
  }
}
