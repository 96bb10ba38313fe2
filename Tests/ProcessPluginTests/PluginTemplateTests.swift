import ConfigurationFile
import FirewallConformance
import FirewallKit
import Foundation
import NetworkTypes
import PluginTemplate
import Testing

@testable import ProcessPlugins

/// What `sekisho adapter new` writes.
@Suite(.serialized) struct PluginTemplateTests {
  @Test func aNewPluginKeepsTheLawsAsItIs() async throws {
    let folder = try Folder()
    let path = folder.file("plugin")
    try PluginTemplate.write(named: "my-firewall", to: path)
    let text = try String(contentsOfFile: path + "/sekisho.yaml", encoding: .utf8)
    let root = ConfigurationSection(
      try ConfigurationDocument(parsing: text, file: path + "/sekisho.yaml").root,
      problems: ConfigurationProblems())
    let firewall = try #require(root.sections("firewalls").first)
    #expect(firewall.text("name") == "my-firewall" && firewall.text("adapter") == "plugin")
    let settings = try #require(PluginSettings(from: firewall.section("settings"), direction: .both))
    #expect(root.problems.found.isEmpty, "\(root.problems.found)")
    #expect(settings.folder.manifest.name == "my-firewall")
    let log = LogLines()
    let clock = AdjustableClock()
    let subject = ConformanceSubject(
      name: "my-firewall",
      makeAdapter: { PluginAdapter.adapter(for: settings, logger: log.logger, clock: { clock.now }) },
      clock: { clock.now }, wait: { clock.advance(by: $0) })
    // The fault laws try the engine on an adapter that fails; here the adapter is what is new.
    let laws = Conformance.laws.filter { !$0.name.hasPrefix("fault") }
    let report = try await Conformance.run(subject, laws: laws)
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    #expect(!FileManager.default.fileExists(atPath: path + "/blocked.txt"))
  }

  @Test func whatIsThereAlreadyIsNotWrittenOver() throws {
    let folder = try Folder()
    try folder.write("plugin", "mine")
    let error = #expect(throws: PluginTemplateError.self) {
      try PluginTemplate.write(named: "my-firewall", to: folder.file("plugin"))
    }
    #expect(error?.code == .exists)
    #expect(try folder.text("plugin") == "mine")
    let nowhere = #expect(throws: PluginTemplateError.self) {
      try PluginTemplate.write(named: "my-firewall", to: folder.file("no/where"))
    }
    #expect(nowhere?.code == .unwritable)
  }

  @Test func theNameStandsEverywhereAndThePlaceholderNowhere() {
    let files = PluginTemplate.files(named: "my-firewall")
    #expect(files.filter(\.isExecutable).map(\.name) == ["adapter.py"])
    for file in files { #expect(!file.text.contains("NAME"), "\(file.name)") }
    for name in ["plugin.json", "sekisho.yaml", "README.md"] {
      #expect(files.first { $0.name == name }?.text.contains("my-firewall") == true)
    }
  }

  @Test(arguments: [
    ("my-firewall", true), ("a", true), ("", false), ("My", false), ("a b", false), ("../x", false),
  ])
  func namesAreWords(_ name: String, _ isPermitted: Bool) {
    #expect(PluginFolder.permits(name: name) == isPermitted)
  }
}
