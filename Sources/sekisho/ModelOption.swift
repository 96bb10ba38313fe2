import ArgumentParser
import Foundation
import Gateway
import Language

/// Which name model a command uses: that of `--model`, else that of the configuration, else the one that
/// comes with the program.
struct ModelOption: ParsableArguments {
  @Option(help: "The model file. Default: that of the configuration, or the one that comes with the program.")
  var model: String?

  /// The model, checked against its hash.
  func load(_ global: GlobalOptions) throws(CommandFailure) -> NameModelFile {
    guard let path = try path(global) else {
      throw CommandFailure(
        .usage,
        Phrase(
          en: "\(global.config) says `detector: { model: none }`: name a model with --model.",
          ja: "\(global.config) に detector: { model: none } とあります。--model で評価モデルを指定してください。"))
    }
    do throws(SharedFileError) {
      return try NameModelFile(path)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// The model's path; `nil` when the configuration wants none.
  func path(_ global: GlobalOptions) throws(CommandFailure) -> String? {
    if let model { return model }
    // A command that only reads names works on a host without any configuration.
    let settings =
      FileManager.default.fileExists(atPath: global.config) || global.namesConfiguration
      ? try global.loadConfiguration().detector : DetectorSettings()
    do throws(SharedFileError) {
      return try DetectorSettings.path(of: settings.model, .nameModel)
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
