import ConfigurationFile
import Glibc
import Language

/// The right to change one firewall, held across processes.
///
/// The service and the command line may run at once; each firewall has one writer. The kernel takes the
/// lock back when its holder dies, however it dies.
public struct WriterLock: Sendable {
  /// How long to wait for another process before giving up.
  public static let patience: Duration = .seconds(30)

  private let path: String

  /// A lock file in the state directory, which must exist.
  public init(directory: String, firewall: String) {
    // A firewall's name is checked to be a plain word when the configuration is read.
    path = "\(directory)/\(firewall).lock"
  }

  /// Runs `body` while no other process changes the firewall.
  ///
  /// Throws `busy` after `patience`, `ledgerUnavailable` when there can be no lock.
  public func hold<Value: Sendable>(
    _ body: @Sendable () async throws(EngineError) -> Value
  ) async throws(EngineError) -> Value {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw EngineError(
        code: .ledgerUnavailable,
        message: Phrase(
          en: "Cannot open the lock file \(path): \(reason). Check the rights of the state directory.",
          ja: "ロックファイル \(path) を開けません: \(reason)。状態ディレクトリの権限を確認してください。"))
    }
    defer { close(descriptor) }
    let clock = ContinuousClock()
    let giveUp = clock.now + Self.patience
    var pause = Duration.milliseconds(1)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard clock.now < giveUp else {
        throw EngineError(
          code: .busy,
          message: Phrase(
            en:
              "Another sekisho process has been changing this firewall for \(Self.patience.text); nothing was done. Try again, or look for it with: fuser \(path)",
            ja:
              "別の sekisho プロセスが \(Self.patience.text) 以上このファイアウォールを変更中です。何も変更していません。再試行するか、次で確認してください: fuser \(path)"
          ))
      }
      // In a task of its own: in a cancelled one a sleep returns at once and this would spin.
      let sleep = pause
      await Task { try? await Task.sleep(for: sleep) }.value
      pause = min(pause * 2, .milliseconds(50))
    }
    return try await body()
  }
}
