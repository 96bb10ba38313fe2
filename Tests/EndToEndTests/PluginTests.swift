import Foundation
import Testing

extension EndToEndTests {
  /// A plugin from its first line to a block, by the real program.
  @Suite(.serialized) struct PluginTests {
    /// A plugin as `adapter new` writes it, and a gateway with it as firewall `edge`.
    private func gateway(_ settings: String = "file: blocked.txt") throws -> (Installation, String) {
      let workshop = try Installation()
      let path = workshop.folder.path + "-plugin"
      let made = try workshop.run("adapter new my-firewall --folder \(path)")
      #expect(made.status == 0 && made.sentences.contains("adapter check my-firewall"), "\(made)")
      return (
        try Installation(
          firewalls:
            "  - { name: edge, adapter: plugin, settings: { folder: \(path), settings: { \(settings) } } }"),
        path
      )
    }

    @Test func aNewPluginDrivesAFirewallAtOnce() throws {
      let (gateway, path) = try gateway()
      defer { try? FileManager.default.removeItem(atPath: path) }
      let good = try gateway.run("config check")
      #expect(good.status == 0, "\(good)")
      let preview = try gateway.run("plan block 192.0.2.7 --language ja")
      #expect(preview.status == 0 && preview.sentences.contains("+ block 192.0.2.7"), "\(preview)")
      #expect(tooWide(preview.output).isEmpty)
      #expect(try gateway.run("block 192.0.2.7 198.51.100.0/24 --for 2h").status == 0)
      #expect(try gateway.statusBlocks().confirmed == ["192.0.2.7", "198.51.100.0/24"])
      let list = try String(contentsOfFile: path + "/blocked.txt", encoding: .utf8)
      #expect(list == "# kept by sekisho\nblock 192.0.2.7\nblock 198.51.100.0/24\n")
      #expect(try gateway.objects("plan unblock 192.0.2.7").first?["adapter"] as? String == "my-firewall")
      #expect(try gateway.run("rollback --all").status == 0)
      #expect(!FileManager.default.fileExists(atPath: path + "/blocked.txt"))
    }

    @Test func aPluginIsListedAndDescribedWithoutBeingRun() throws {
      let (gateway, path) = try gateway()
      defer { try? FileManager.default.removeItem(atPath: path) }
      try Data("#!/bin/false\n".utf8).write(to: URL(filePath: path + "/adapter.py"))
      let names = try gateway.objects("adapter list").compactMap { $0["name"] as? String }
      #expect(names.contains("my-firewall") && names.contains("plugin"))
      let manifest = try #require(try gateway.objects("adapter describe \(path)").first)
      #expect(manifest["name"] as? String == "my-firewall" && manifest["capabilities"] != nil)
      for words in [
        "adapter list", "adapter describe \(path)", "adapter new Bad_Name", "adapter new a --folder \(path)",
      ] {
        for language in ["en", "ja"] {
          let outcome = try gateway.run(words + " --language \(language)")
          #expect(tooWide(outcome.output).isEmpty, "\(outcome)")
        }
      }
      #expect(try gateway.run("adapter new Bad_Name").status == 64)
      #expect(try gateway.run("adapter new a --folder \(path)").status == 1)
    }

    @Test func whatIsWrongWithAPluginIsToldByTheConfigurationCheck() throws {
      let (misspelt, path) = try gateway("fiel: blocked.txt")
      defer { try? FileManager.default.removeItem(atPath: path) }
      let refused = try misspelt.run("config check")
      #expect(
        refused.status == 64 && refused.sentences.contains("The setting fiel is not known"), "\(refused)")
      try Data("#!/bin/sh\necho the device is on fire >&2\nexit 3\n".utf8)
        .write(to: URL(filePath: path + "/adapter.py"))
      let dead = try misspelt.run("config check")
      #expect(dead.status == 64 && dead.sentences.contains("the device is on fire"), "\(dead)")
      try FileManager.default.removeItem(atPath: path + "/plugin.json")
      let gone = try misspelt.run("config check")
      #expect(gone.status == 64 && gone.sentences.contains("plugin.json cannot be used"), "\(gone)")
    }
  }
}
