import ConfigurationFile
import FirewallKit
import NetworkTypes
import Testing

@testable import Iptables

@Suite struct IptablesSettingsTests {
  private func settings(_ yaml: String) throws -> (IptablesSettings, [ConfigurationProblem]) {
    let problems = ConfigurationProblems()
    let document = try ConfigurationDocument(parsing: yaml, file: "sekisho.yaml")
    let settings = IptablesSettings(from: ConfigurationSection(document.root, problems: problems))
    return (settings, problems.found)
  }

  @Test func anEmptySectionIsTheDefaults() throws {
    let (settings, problems) = try settings("")
    #expect(settings == IptablesSettings())
    #expect(settings.hooks == [.input, .forward, .output])
    #expect(settings.setSize == 1_000_000)
    #expect(problems.isEmpty)
  }

  @Test func everyKeyIsRead() throws {
    let (settings, problems) = try settings(
      """
      backend: legacy
      hooks: [prerouting]
      direction: inbound
      ipv6: false
      set-size: 50000
      prefix: edge-1
      lock-file: /run/sekisho/xtables.lock
      """)
    #expect(problems.isEmpty)
    #expect(
      settings
        == IptablesSettings(
          backend: .legacy, hooks: [.prerouting], direction: .inbound, ipv6: false, setSize: 50_000,
          prefix: "edge-1", lockFile: "/run/sekisho/xtables.lock"))
  }

  @Test(arguments: [
    ("backend: nftables", "backend"), ("hooks: [postrouting]", "hooks"), ("hooks: []", "hooks"),
    ("direction: out", "direction"), ("ipv6: perhaps", "ipv6"), ("set-size: 12", "set-size"),
    ("prefix: Sekisho", "prefix"), ("prefix: input", "prefix"), ("prefix: -x", "prefix"),
    ("prefix: a-name-that-is-too-long", "prefix"), ("lock-file: xtables.lock", "lock-file"),
    ("hook: [input]", "hook"),
  ])
  func whatIsWrongIsReportedAtItsKey(yaml: String, key: String) throws {
    let (_, problems) = try settings(yaml)
    #expect(problems.map(\.key) == [key])
  }

  @Test(arguments: [
    IptablesSettings(), IptablesSettings(direction: .outbound, prefix: "sixteen-letters-"),
    IptablesSettings(hooks: [.prerouting, .forward], ipv6: false),
  ])
  func everyNameFitsTheKernel(settings: IptablesSettings) {
    let layout = IptablesScaffold(settings: settings)
    #expect(layout.setNames.keys.allSatisfy { $0.utf8.count <= 31 })
    #expect(layout.chain.utf8.count <= 28)
    #expect(Set(layout.setNames.keys).count == layout.families.count * SetRole.allCases.count * 2)
  }
}
