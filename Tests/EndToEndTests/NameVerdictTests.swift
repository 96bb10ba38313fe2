import Detection
import Foundation
import Gateway
import Lab
import NetworkTypes
import Testing

extension EndToEndTests {
  /// A name that no list holds, from the wire to a block that the program explains again.
  @Suite(.serialized) final class NameVerdictTests {
    private static let names = [
      "secure-account-login-verify.example", "login-secure-verify-account.example",
    ]

    init() throws { try KernelFirewalls.empty() }
    deinit { try? KernelFirewalls.empty() }

    /// The name of the two that the shipped model scores higher.
    private func conspicuousName() throws -> DomainName {
      let outcome = try Self.score(Self.names.joined(separator: "\n") + "\n", in: try Installation())
      let best = outcome.split(separator: "\n").max { score($0) < score($1) }
      let text = try #require(best?.split(separator: "\t").first)
      return try #require(DomainName(String(text)))
    }

    private func score(_ line: Substring) -> Double {
      line.split(separator: "\t").last.flatMap { Double($0) } ?? 0
    }

    /// What `score` answers to these lines.
    private static func score(_ input: String, in gateway: Installation) throws -> String {
      let file = try gateway.folder.file("names.txt", input)
      return try RunningProgram(
        "sh",
        [
          "-c", "exec \"$0\" score --config \"$2\" < \"$1\"", Installation.program, file,
          gateway.configuration,
        ]
      ).end().output
    }

    @Test func aConspicuousNameIsBlockedAndItsActionIsComputedAgain() async throws {
      let name = try conspicuousName()
      let gateway = try Installation(more: "sensor: { interface: \(LabNetwork.insideInterface) }")
      try await Lab.run { lab in
        let service = try gateway.start("run")
        #expect(try await comesAbout { service.complaint.contains("capturing") }, "\(service.complaint)")
        _ = try await lab.terminal.resolve(name)
        let wanted = Set([LabNetwork.unlistedV4, LabNetwork.unlistedV6].map(\.description))
        #expect(
          try await comesAbout { (try? gateway.statusBlocks().confirmed).map { Set($0) } == wanted },
          "\(service.complaint)")
        #expect(try await !lab.terminal.fetch(Terminal.url(of: name), timeout: .milliseconds(500)).reached)
        #expect(service.complaint.contains("is on no list; its name scores"))
        service.signal(SIGTERM)
        let ended = service.end()
        #expect(ended.status == 0)
        #expect(ended.complaint.contains("new names judged"))
      }
      let kept = try gateway.run("explain 1")
      #expect(kept.status == 0 && kept.sentences.contains("identical to the last bit"), "\(kept)")
      #expect(kept.output.contains(name.text) && kept.output.contains("sum: the score"))
      let object = try #require(try gateway.objects("explain 1").first)
      #expect(object["recomputation"] as? String == "identical")

      // Another model at hand: told loudly, and shown as it was kept.
      let other = try otherModel(gateway)
      let foreign = try gateway.run("explain 1 --model \(other)")
      #expect(foreign.status == 1 && foreign.sentences.contains("NOT recomputed"), "\(foreign)")
      #expect(foreign.output.contains("sum: the score"))
      #expect(try gateway.run("explain 99").status == 1)
    }

    /// The shipped model with a line more, and the hash to it.
    private func otherModel(_ gateway: Installation) throws -> String {
      let shipped = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Models/names.model")
      let path = try gateway.folder.file("other.model")
      let bytes = Array(try Data(contentsOf: shipped)) + Array("\n[about]\nchanged\tyes\n".utf8)
      try Data(bytes).write(to: URL(filePath: path))
      _ = try gateway.folder.file(
        "other.model.sha256", ModelHash.line(try NameModel(bytes.span).digest, of: path))
      return path
    }

    @Test func scoreKeepsTheOrderAndExplainsNowInBothLanguages() throws {
      let gateway = try Installation()
      let lines = ["www.example.org", Self.names[0], "192.0.2.1", "", "localhost"]
      let output = try Self.score(lines.joined(separator: "\n") + "\n", in: gateway)
      let answered = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      #expect(answered.map { $0.split(separator: "\t").first.map(String.init) ?? "" } == lines)
      for language in ["en", "ja"] {
        let told = try gateway.run("explain \(Self.names[0]) --language \(language)")
        #expect(told.status == 0 && tooWide(told.output).isEmpty, "\(told)")
      }
      #expect(try gateway.run("explain not_a_name!").status == 64)
      let missing = try gateway.run("explain example.org --model /nonexistent.model")
      #expect(missing.status == 1 && missing.sentences.contains("/nonexistent.model"), "\(missing)")
    }

    @Test func theDisclosureIsWrittenWithTheModelBesideIt() throws {
      let gateway = try Installation()
      let out = gateway.folder.path
      #expect(try gateway.run("disclose --language ja --out \(out)").status == 0)
      let html = try String(contentsOfFile: "\(out)/disclosure.ja.html", encoding: .utf8)
      #expect(html.contains("lang=\"ja\"") && html.contains("@page") && html.contains("<svg"))
      #expect(FileManager.default.fileExists(atPath: "\(out)/disclosure.ja.md"))
      #expect(try ModelFile<NameModel>("\(out)/names.model").model.digest.count == 64)
    }

    @Test func aReplayTellsWhatWouldHaveBeenBlockedByNameAndWhatItWouldHaveCut() throws {
      let gateway = try Installation()
      let name = try conspicuousName()
      let file = try gateway.folder.file("capture.pcap")
      let frames = [
        CaptureSample.dnsAnswer(name: name.text, address: [198, 51, 100, 7]),
        CaptureSample.synchronise(to: [198, 51, 100, 7]),
        // A content delivery network's address: held, and said why.
        CaptureSample.dnsAnswer(name: "www." + name.text, address: [104, 16, 0, 1]),
      ]
      try Data(CaptureSample.file(frames)).write(to: URL(filePath: file))
      let objects = try gateway.objects("replay \(file)")
      let block = try #require(objects.first { $0["kind"] as? String == "block" })
      #expect(block["target"] as? String == "198.51.100.7")
      #expect(block["connectionsCut"] as? Int == 1 && block["terminals"] as? [String] == ["192.0.2.10"])
      let held = try #require(objects.first { $0["kind"] as? String == "held" })
      #expect(held["rule"] as? String == "shared-network" && held["target"] as? String == "104.16.0.1")
      let told = try gateway.run("replay \(file) --language ja")
      #expect(told.status == 0 && told.sentences.contains("104.16.0.1"), "\(told)")
    }
  }
}
