import ConfigurationFile
import Detection
import Foundation
import Gateway
import Language
import NetworkTypes
import Testing

@Suite struct ModelFileTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// A model with its hash beside it; then the content is changed.
  private func model(
    _ text: String = tinyModelText(), cut: Int = 0, hash: String? = nil, isHashed: Bool = true
  ) throws -> String {
    let bytes = Array(text.utf8)
    let digest = try NameModel(bytes.span).digest
    let path = try folder.file("names.model", Array(bytes.dropLast(cut)))
    if isHashed {
      _ = try folder.file("names.model.sha256", hash ?? ModelHash.line(digest, of: path))
    }
    return path
  }

  private func error(_ path: String) -> SharedFileError? {
    do throws(SharedFileError) {
      _ = try ModelFile<NameModel>(path)
      return nil
    } catch { return error }
  }

  @Test func aWholeModelIsReadAndItsHashIsWhatSha256sumPrints() throws {
    let path = try model()
    #expect(try ModelFile<NameModel>(path).model == tinyModel())
    let line = try String(contentsOfFile: ModelHash.path(of: path), encoding: .utf8)
    #expect(line.hasSuffix("  names.model\n") && line.utf8.count == 64 + 2 + 12)
  }

  @Test func aModelThatIsNotThereIsNamed() throws {
    let missing = try #require(error(folder.path + "/none.model"))
    #expect(missing.code == .missing && missing.message.en.contains("none.model"))
    #expect(missing.message.ja.contains("none.model"))
  }

  /// Wherever it is cut: an error with the file and a line of it.
  @Test func aModelCutOffAnywhereIsAnErrorWithFileAndLine() throws {
    let length = tinyModelText().utf8.count
    for cut in [1, 2, 14, 15, 16, 20, 300, length - 22, length - 5, length] {
      let path = try model(cut: cut)
      let found = try #require(error(path), "cut by \(cut)")
      #expect([.wrongHash, .malformed].contains(found.code), "\(found)")
      #expect(found.message.en.hasPrefix("\(path):"), "\(found.message.en)")
    }
  }

  @Test func aChangedModelIsAnErrorWithBothHashes() throws {
    let honest = try tinyModel().digest
    let path = try model(
      tinyModelText(login: "10"), hash: ModelHash.line(honest, of: "names.model"))
    let found = try #require(error(path))
    let actual = try NameModel(Array(tinyModelText(login: "10").utf8).span).digest
    #expect(
      found.code == .wrongHash && found.message.en.contains(honest) && found.message.en.contains(actual))
  }

  @Test func aModelWithoutAHashIsAnErrorThatSaysHowToMakeIt() throws {
    #expect(try #require(error(try model(isHashed: false))).code == .unhashed)
    let found = try #require(error(try model(hash: "not a hash\n")))
    #expect(found.code == .unhashed && found.line == 1 && found.message.en.contains("sha256sum"))
  }
}

/// The section `detector:` and the files that come with the program.
@Suite struct DetectorSettingsTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private static let models = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Models").path

  private func configuration(_ detector: String) throws -> GatewayConfiguration {
    try GatewayConfiguration(
      parsing: "firewalls: [{ name: edge, adapter: nftables }]\ndetector: \(detector)\n",
      file: folder.path + "/sekisho.yaml")
  }

  @Test func theFilesThatComeWithTheProgramAreWhole() throws {
    let parts = try configuration(
      """
      { model: \(Self.models)/names.model, address-model: \(Self.models)/addresses.model, popular-names: \(Self.models)/popular-names.txt,
        shared-networks: \(Self.models)/shared-networks.txt }
      """
    ).detector.load()
    #expect(parts.judge.addressModel?.identifier.hasPrefix("addresses-1 ") == true)
    let model = try #require(parts.judge.nameModel)
    let popular = try #require(parts.judge.popular)
    #expect(popular.count > 500)
    #expect(popular.contains(try #require(DomainName("www.google.com")), by: model))
    // An address of a content delivery network that its operator publishes (cloudflare.com/ips).
    let shared = parts.collateral.objection(to: IPAddress(ipv4: 0x6810_0001), names: []) { _ in true }
    #expect(shared?.rule == "shared-network")
    #expect(
      parts.collateral.objection(to: IPAddress(ipv4: 0xC633_6407), names: []) { _ in true } == nil)
    // A name as phishers make them, under a top-level domain that nobody can register.
    let verdicts = ["secure-account-login-verify.example", "login-secure-verify-account.example"].map {
      DomainName($0).map { parts.judge.verdict(on: Destination(name: $0), evidence: []).outcome }
    }
    #expect(verdicts.contains(.block))
    #expect(
      try parts.judge.verdict(on: Destination(name: #require(DomainName("example.org"))), evidence: []).terms
        .isEmpty)
  }

  @Test func pathsAreRelativeToTheConfigurationAndNoneDoesWithout() throws {
    _ = try folder.file("own.model", tinyModelText())
    _ = try folder.file(
      "own.model.sha256", ModelHash.line(try tinyModel().digest, of: "own.model"))
    _ = try folder.file("popular.txt", "my-login.net\n")
    let parts = try configuration(
      """
      { model: own.model, address-model: none, score-limit: one-in-1000, popular-names: popular.txt,
        shared-networks: none }
      """
    ).detector.load()
    #expect(parts.judge.limit == .oneIn1000 && parts.judge.nameModel?.thresholds.oneIn1000 == 6000)
    let name = try #require(DomainName("my-login.net"))
    #expect(parts.judge.verdict(on: Destination(name: name), evidence: []).outcome == .report)
    let without = try configuration(
      "{ model: none, address-model: none, popular-names: none, shared-networks: none }"
    ).detector.load()
    #expect(without.judge.nameModel == nil && without.judge.popular == nil)
  }

  @Test func aLineThatIsNoEntryIsToldWithFileAndLine() throws {
    let path = try folder.file("nets.txt", "192.0.2.0/24\nnonsense\n")
    let settings = try configuration(
      "{ model: none, address-model: none, popular-names: none, shared-networks: nets.txt }"
    ).detector
    do throws(SharedFileError) {
      _ = try settings.load()
      Issue.record("nothing was wrong")
    } catch {
      #expect(error.code == .malformed && error.line == 2)
      #expect(error.message.en.hasPrefix("\(path):2: ") && error.message.ja.hasPrefix("\(path):2: "))
    }
  }

  @Test func unknownKeysAndWordsAreErrors() throws {
    #expect(throws: ConfigurationError.self) { try configuration("{ modell: x }") }
    #expect(throws: ConfigurationError.self) { try configuration("{ score-limit: one-in-10 }") }
    #expect(throws: ConfigurationError.self) { try configuration("{ most-domains: 64 }") }
  }

  @Test func theFilesAreLookedForBesideTheProgramAndWherePackagesPutThem() {
    let places = SharedFile.nameModel.places
    #expect(places.contains("/usr/share/sekisho/names.model"))
    #expect(places.allSatisfy { $0.hasSuffix("/names.model") })
  }
}
