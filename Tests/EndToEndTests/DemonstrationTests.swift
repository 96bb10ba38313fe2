import Testing

extension EndToEndTests {
  /// `sekisho demo`, which checks each of its steps by itself.
  @Suite(.serialized) struct DemonstrationTests {
    /// What `make demo` runs: every firewall of a kernel, one after the other.
    @Test func theDemonstrationHoldsOnEveryFirewallOfTheKernel() throws {
      let demonstration = try RunningProgram.run(Installation.program, ["demo"])
      #expect(demonstration.status == 0, "\(demonstration)")
      for adapter in ["nftables", "iptables"] {
        #expect(demonstration.output.contains("Every step held for \(adapter)"))
      }
      #expect(demonstration.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test(arguments: ["panos", "routeros"])
    func theDemonstrationHoldsOnASimulator(name: String) throws {
      let demonstration = try RunningProgram.run(Installation.program, ["demo", "--adapter", name])
      #expect(demonstration.status == 0, "\(demonstration)")
      #expect(demonstration.output.contains("‹secret:"))
      #expect(demonstration.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
  }
}
