import FirewallKit

/// The command list that was written last, with its text.
///
/// The text of a plan is what counts: it is shown, recorded and run. What has just been written need not
/// be read back from its own text to be run, which takes 40 ms for a hundred thousand elements. Any
/// other text is read.
struct WrittenCommands {
  private var text = ""
  private var commands: [NftablesCommand] = []

  mutating func note(_ commands: [NftablesCommand], as operation: Operation) {
    guard case .nftables(let text) = operation.step else { return }
    self.text = text
    self.commands = commands
  }

  /// The commands of exactly this text, which are then forgotten; `nil` for any other.
  mutating func commands(in text: String) -> [NftablesCommand]? {
    guard !commands.isEmpty, text == self.text else { return nil }
    defer { self = WrittenCommands() }
    return commands
  }
}
