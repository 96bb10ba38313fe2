import Foundation
import Language
import Subprocess

/// A service in the outside namespace, tied to the life of this process.
///
/// It runs in a process namespace of its own whose first process ends when its standard input does.
/// The kernel closes that input even when we are killed, and ends whatever is left in the namespace.
struct LabService {
  let name: String
  let command: [String]
  /// What can be asked when the service answers: a command that succeeds then.
  let readiness: [String]
  let log: String

  /// The first process of the namespace. It must not read while it waits, or it would miss the end of
  /// the service; so another reads for it and tells by a signal, for which it has a handler.
  private static let holder = """
    exec 3<&0
    trap 'exit 0' USR1
    (cat <&3 >/dev/null; kill -USR1 1) &
    "$@" </dev/null 3<&- &
    wait $!
    """

  /// How long a service may take to answer. It takes 20 ms; a loaded machine takes longer.
  private static let patience = Duration.seconds(20)

  /// Runs the service until `stop` ends; calls `ready` once it answers.
  func run(until stop: AsyncStream<Never>, ready: @Sendable () -> Void) async throws(LabError) {
    let isolated =
      [
        "nsenter", "--net=\(LabTopology.path(ofNamespace: LabNetwork.outsideNamespace))", "--", "unshare",
        "--pid", "--fork", "--kill-child", "--", "sh", "-c", "exec >\"$0\" 2>&1; " + Self.holder, log,
      ] + command
    guard SystemProgram.path(of: isolated[0]) != nil else { throw SystemProgram.missing(isolated[0]) }
    do {
      let result = try await Subprocess.run(
        .name(isolated[0]), arguments: Arguments(Array(isolated.dropFirst())),
        environment: SystemProgram.environment, input: .inputWriter, output: .discarded, error: .discarded
      ) { execution in
        try await waitUntilReady()
        ready()
        for await _ in stop {}
        try await execution.standardInputWriter.finish()
      }
      guard result.terminationStatus.isSuccess || Task.isCancelled else { throw failure() }
    } catch let error as LabError {
      throw error
    } catch {
      throw failure("\(error)")
    }
  }

  private func waitUntilReady() async throws {
    let deadline = ContinuousClock.now + Self.patience
    while ContinuousClock.now < deadline {
      if try await SystemProgram.answer(of: readiness).status.isSuccess { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw failure()
  }

  private func failure(_ reason: String = "") -> LabError {
    let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return LabError(
      code: .serviceFailed,
      message: Phrase(
        en: "\(name), a service of the laboratory, did not come up or ended early; its own words follow.",
        ja: "実験環境のサービス \(name) が起動しなかったか、途中で終了しました。出力を以下に示します。"),
      detail: "\(words)\(reason)".trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
