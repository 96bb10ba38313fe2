import Detection
import Foundation
import Gateway
import NetworkTypes

/// A model in which the word `login` between hyphens scores 90 and nothing else scores anything.
func tinyModelText(login: String = "90") -> String {
  let alphabet = Array("^abcdefghijklmnopqrstuvwxyz0123456789-")
  let costs = Array(repeating: "32", count: 38).joined(separator: " ")
  let characters = alphabet.flatMap { first in alphabet.map { "\(first)\($0)\t\(costs)\n" } }.joined()
  return """
    sekisho-name-model 2
    [thresholds]
    1\t40.00
    0.1\t60.00
    0.01\t80.00
    [calibration]
    0\t10.00
    80.00\t95.00
    [tokens]
    login\t\(login)\t0
    bank\t-20\t0
    [characters]
    \(characters)
    [suffixes]
    co.example\t0

    """
}

func tinyModel() throws -> NameModel { try NameModel(Array(tinyModelText().utf8).span) }

/// What a detector judges by, over the tiny model.
func tinyParts(
  popular: [String] = ["popular.net"], shared: [String] = [], mostDomains: Int = 3
) throws -> DetectorParts {
  let model = try tinyModel()
  let names = PopularNames(popular.compactMap { DomainName($0) })
  return DetectorParts(
    judge: Judge(nameModel: model, popular: names),
    collateral: CollateralGuard(
      shared: SharedNetworks(shared.compactMap { IPPrefix($0) }), popular: names, model: model,
      mostDomains: mostDomains))
}

/// A folder that is gone when nobody holds it any more.
final class TestFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "sekisho-gateway-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ content: [UInt8]) throws -> String {
    try Data(content).write(to: URL(filePath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }
}
