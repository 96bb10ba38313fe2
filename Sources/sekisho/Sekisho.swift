import ArgumentParser

@main
struct Sekisho: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "sekisho",
    abstract:
      "Blocks destinations of bad reputation on your firewall, reads every block back, and can prove every undo.",
    discussion: """
      Start with `sekisho demo`: it builds a small network of its own, shows a dry run, a real block that is \
      read back from the firewall, and its undo.

      Exit status: 0 done; 1 failed, nothing changed; 2 refused by policy; 3 failed and restored; \
      4 stranded: a person is needed; 5 conflict; 6 unknown; 64 usage.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Try",
        subcommands: [DemoCommand.self, InspectCommand.self, ReplayCommand.self, LabCommand.self]),
      CommandGroup(
        name: "Change the firewall",
        subcommands: [
          PlanCommand.self, ApplyCommand.self, BlockCommand.self, UnblockCommand.self, AllowCommand.self,
          RollbackCommand.self, ReconcileCommand.self,
        ]),
      CommandGroup(
        name: "Judge",
        subcommands: [ScoreCommand.self, ExplainCommand.self, DiscloseCommand.self, TrainCommand.self]),
      CommandGroup(
        name: "Operate",
        subcommands: [
          RunCommand.self, StatusCommand.self, FeedsCommand.self, AdapterCommand.self, AuditCommand.self,
          ConfigCommand.self,
        ]),
    ])
}
