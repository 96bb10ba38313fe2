import ArgumentParser
import Detection
import Foundation
import Gateway
import Language

/// Which models a command uses: that of names from `--model`, else that of the configuration, else the one
/// that comes with the program; that of addresses from `--address-model` in the same way.
struct ModelOption: ParsableArguments {
  @Option(
    help: "The model of names. Default: that of the configuration, or the one that comes with the program.")
  var model: String?
  @Option(help: "The model of addresses. Default: as with --model.")
  var addressModel: String?

  /// The model of names, checked against its hash.
  func load(_ global: GlobalOptions) throws(CommandFailure) -> ModelFile<NameModel> {
    guard let file: ModelFile<NameModel> = try Self.file(settings(global).model, .nameModel) else {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "\(global.config) says `detector: { model: none }`: name a model with --model.",
          ja: "\(global.config) に detector: { model: none } とあります。--model で評価モデルを指定してください。"))
    }
    return file
  }

  /// The model of addresses, checked against its hash; `nil` when the configuration wants none.
  func loadAddresses(_ global: GlobalOptions) throws(CommandFailure) -> ModelFile<AddressModel>? {
    try Self.file(settings(global).addressModel, .addressModel)
  }

  /// What the configuration says of the detector, with the models named on the command line.
  func settings(_ global: GlobalOptions) throws(CommandFailure) -> DetectorSettings {
    // A command that only reads names works on a host without any configuration.
    var settings =
      FileManager.default.fileExists(atPath: global.config) || global.namesConfiguration
      ? try global.loadConfiguration().detector : DetectorSettings()
    if let model { settings.model = .file(model) }
    if let addressModel { settings.addressModel = .file(addressModel) }
    return settings
  }

  private static func file<Model: ScoringModel>(
    _ source: DetectorSettings.Source, _ shared: SharedFile
  ) throws(CommandFailure) -> ModelFile<Model>? {
    do throws(SharedFileError) {
      return try DetectorSettings.model(source, shared)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }
}

extension GlobalOptions {
  static let standardConfiguration = "/etc/sekisho/sekisho.yaml"

  /// Whether `--config` was given: then it must exist.
  var namesConfiguration: Bool { config != Self.standardConfiguration }

  /// What the detector judges by, as configured.
  func loadDetector(_ configuration: GatewayConfiguration) throws(CommandFailure) -> DetectorParts {
    do throws(SharedFileError) {
      return try configuration.detector.load()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }
}
