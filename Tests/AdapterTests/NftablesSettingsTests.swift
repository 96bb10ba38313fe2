import ConfigurationFile
import FirewallKit
import NetworkTypes
import Testing

@testable import Nftables

@Suite struct NftablesSettingsTests {
  private func read(_ yaml: String) throws -> (NftablesSettings, [ConfigurationProblem]) {
    let document = try ConfigurationDocument(parsing: yaml, file: "test.yaml")
    let problems = ConfigurationProblems()
    let settings = NftablesSettings(from: ConfigurationSection(document.root, problems: problems))
    return (settings, problems.found)
  }

  @Test func everyKeyIsRead() throws {
    let (settings, problems) = try read(
      "table: edge\nhooks: [output, prerouting]\ndirection: inbound\npriority: -20\ncounters: false\n")
    #expect(problems.isEmpty)
    #expect(
      settings
        == NftablesSettings(
          table: "edge", hooks: [.prerouting, .output], direction: .inbound, priority: -20, counters: false))
  }

  @Test func withoutKeysTheDefaultsHold() throws {
    let (settings, problems) = try read("{}")
    #expect(problems.isEmpty)
    #expect(settings == NftablesSettings())
    #expect(settings.hooks == [.input, .forward, .output] && settings.direction == .both)
  }

  @Test(arguments: [
    "table: 'my table'", "table: ''", "table: 4you", "hooks: [postrouting]", "hooks: []",
    "hooks: [prerouting, forward]", "direction: sideways", "priority: -300", "priority: high",
    "counters: perhaps", "tabel: x",
  ])
  func eachMistakeIsReportedOnce(_ yaml: String) throws {
    #expect(try read(yaml).1.count == 1)
  }
}
