import ConfigurationFile
public import Detection
import Foundation
import Language

/// The section `detector:` of the configuration: how names and addresses are judged, and what guards
/// against cutting off others.
public struct DetectorSettings: Sendable {
  /// Where a file that comes with the program is taken from.
  public enum Source: Hashable, Sendable {
    /// Where it is installed.
    case standard
    case file(String)
    /// Nowhere: the detector does without.
    case none
  }

  public var model = Source.standard
  public var addressModel = Source.standard
  /// From which score on a name, or an address without one, blocks by itself.
  public var scoreLimit = Judge.Limit.oneIn10000
  public var popularNames = Source.standard
  public var sharedNetworks = Source.standard
  /// Registered domains at one address up to which it may be blocked.
  public var mostDomains = CollateralGuard.standardMostDomains

  public init() {}

  init(_ section: ConfigurationSection, folder: URL) {
    func source(_ key: String) -> Source {
      guard let text = section.text(key) else { return .standard }
      return text == "none" ? .none : .file(URL(filePath: text, relativeTo: folder).path)
    }
    model = source("model")
    addressModel = source("address-model")
    scoreLimit = section.choice("score-limit", of: Judge.Limit.self) ?? .oneIn10000
    popularNames = source("popular-names")
    sharedNetworks = source("shared-networks")
    mostDomains =
      section.integer("most-domains", in: 1...(PassiveNames.namesOfAddress - 1))
      ?? CollateralGuard.standardMostDomains
    section.finish()
  }

  /// Reads every file that the settings name.
  public func load() throws(SharedFileError) -> DetectorParts {
    let file: ModelFile<NameModel>? = try Self.model(model, .nameModel)
    let addressFile: ModelFile<AddressModel>? = try Self.model(addressModel, .addressModel)
    let names = try Self.table(popularNames, .popularNames, GuardTable.names)
    let networks = try Self.table(sharedNetworks, .sharedNetworks, GuardTable.prefixes)
    let popular = names.map { PopularNames($0) }
    return DetectorParts(
      judge: Judge(
        nameModel: file?.model, addressModel: addressFile?.model, limit: scoreLimit, popular: popular),
      collateral: CollateralGuard(
        shared: networks.map { SharedNetworks($0) } ?? .none, popular: popular ?? .none, model: file?.model,
        mostDomains: mostDomains))
  }

  /// The file that a source stands for; `nil` for none.
  private static func path(of source: Source, _ shared: SharedFile) throws(SharedFileError) -> String? {
    switch source {
    case .standard: try shared.path()
    case .file(let path): path
    case .none: nil
    }
  }

  /// The model of a source; `nil` for none.
  public static func model<Model: ScoringModel>(
    _ source: Source, _ shared: SharedFile
  ) throws(SharedFileError) -> ModelFile<Model>? {
    guard let path = try path(of: source, shared) else { return nil }
    return try ModelFile(path)
  }

  private static func table<Entry>(
    _ source: Source, _ shared: SharedFile, _ read: (String) throws(GuardTable.Problem) -> [Entry]
  ) throws(SharedFileError) -> [Entry]? {
    guard let path = try path(of: source, shared) else { return nil }
    guard let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else {
      throw SharedFileError.unreadable(path)
    }
    do throws(GuardTable.Problem) {
      return try read(text)
    } catch {
      throw SharedFileError(
        code: .malformed, file: path, line: error.line,
        message: Phrase(
          en: "\(path):\(error.line): \(error.message.en)", ja: "\(path):\(error.line): \(error.message.ja)"))
    }
  }
}

/// What the detector judges by, ready to use.
public struct DetectorParts: Sendable {
  public let judge: Judge
  public let collateral: CollateralGuard

  /// Exact listings alone, no guard: for what is tried without files.
  public static let listingsOnly = DetectorParts(
    judge: Judge(), collateral: CollateralGuard())

  public init(judge: Judge, collateral: CollateralGuard) {
    self.judge = judge
    self.collateral = collateral
  }
}
