import Foundation
import Glibc
import Language

/// The way into a private network namespace, where firewalls may be changed without touching the host.
///
/// A process enters by running itself anew under `unshare` (util-linux): as root directly, otherwise
/// inside a user namespace in which it is root. Because it *becomes* the new program, signals, the
/// terminal and the exit status need no forwarding. The namespaces vanish with the last process in
/// them, so nothing has to be cleaned up, not even after kill -9.
public enum LabEntry {
  /// Set to `1` inside.
  public static let environmentKey = "SEKISHO_LAB"

  /// Written on entering: which network namespace was made for us. A variable alone could be left over
  /// in the shell of a real gateway.
  static let marker = "/run/sekisho-lab"

  /// Whether this process runs in a network namespace that was made for it.
  public static var isInside: Bool {
    guard ProcessInfo.processInfo.environment[environmentKey] == "1",
      let recorded = try? String(contentsOfFile: marker, encoding: .utf8),
      let current = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
    else { return false }
    return recorded.trimmingCharacters(in: .whitespacesAndNewlines) == current
  }

  /// The command that runs `program` inside, literally.
  ///
  /// The user namespace is made one step earlier than the network namespace: the kernel gives the
  /// files below /proc/net to the root of the user namespace only when its users are mapped already.
  /// - Throws: `missingPrograms`, or `namespacesRefused` with the reason and the remedy.
  public static func command(for program: [String]) throws(LabError) -> [String] {
    let missing = SystemProgram.missingPackages
    guard missing.isEmpty else {
      let list = missing.joined(separator: " ")
      throw LabError(
        code: .missingPrograms,
        message: Phrase(
          en: "Programs that the laboratory needs are missing. Install them: sudo apt-get install \(list)",
          ja: "実験環境に必要なプログラムがありません。インストールしてください: sudo apt-get install \(list)"))
    }
    let asRoot = geteuid() == 0
    let namespaces = self.namespaces(asRoot: asRoot)
    guard succeeds(namespaces + [path(.mount), "-t", "tmpfs", "tmpfs", "/run"]) else {
      throw refusal(asRoot: asRoot)
    }
    return namespaces + [path(.sh), "-euc", preparation, "sekisho-lab"] + program
  }

  /// Becomes `command(for:)` of this very program with its arguments. Returns only by throwing.
  public static func enter(arguments: [String] = CommandLine.arguments) throws(LabError) -> Never {
    let program: String
    do {
      program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    } catch {
      throw LabError(
        code: .setupFailed,
        message: Phrase(
          en: "/proc/self/exe cannot be read, so the program cannot be started anew. Is /proc mounted?",
          ja: "/proc/self/exe を読めないため、プログラムを再起動できません。/proc がマウントされているか確認してください。"))
    }
    let command = try self.command(for: [program] + arguments.dropFirst())
    var pointers: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    pointers.append(nil)
    execv(command[0], pointers)
    let reason = String(cString: strerror(errno))
    for pointer in pointers { free(pointer) }
    throw LabError(
      code: .setupFailed,
      message: Phrase(
        en: "\(command[0]) could not be started.", ja: "\(command[0]) を起動できませんでした。"),
      detail: reason)
  }

  /// What happens first inside: a private /run, so that the names of namespaces and the lock of
  /// iptables are not the host's, and a loopback interface that is up.
  private static var preparation: String {
    """
    PATH=\(SystemProgram.directories.joined(separator: ":")):$PATH
    mount -t tmpfs -o mode=755 tmpfs /run
    ip link set lo up
    readlink /proc/self/ns/net > \(marker)
    export PATH \(environmentKey)=1
    exec "$@"
    """
  }

  private static func path(_ program: SystemProgram) -> String {
    SystemProgram.path(of: program.rawValue) ?? program.rawValue
  }

  private static func namespaces(asRoot: Bool) -> [String] {
    let unshare = path(.unshare)
    let own = [unshare, "--net", "--mount", "--"]
    return asRoot ? own : [unshare, "--user", "--map-root-user", "--"] + own
  }

  private static func succeeds(_ command: [String]) -> Bool {
    var pointers: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var child: pid_t = 0
    guard posix_spawn(&child, command[0], &actions, nil, pointers, environ) == 0 else { return false }
    var status: Int32 = 0
    while waitpid(child, &status, 0) == -1 {
      guard errno == EINTR else { return false }
    }
    return status == 0
  }

  private static func refusal(asRoot: Bool) -> LabError {
    if asRoot {
      return LabError(
        code: .namespacesRefused,
        message: Phrase(
          en:
            "The kernel refuses a new network namespace although this is root: a container without the right to make one? Start the container with --privileged, or run on a machine of its own.",
          ja:
            "root で実行していますが、カーネルが新しいネットワーク名前空間の作成を拒否しました。コンテナーの権限が不足している可能性があります。--privileged を付けてコンテナーを起動するか、専用のマシンで実行してください。"
        ))
    }
    let switches: [(path: String, forbids: String, remedy: String)] = [
      ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sudo sysctl kernel.unprivileged_userns_clone=1"),
      ("/proc/sys/user/max_user_namespaces", "0", "sudo sysctl user.max_user_namespaces=10000"),
      (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
        "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
      ),
    ]
    let causes = switches.filter {
      (try? String(contentsOfFile: $0.path, encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines) == $0.forbids
    }
    let remedies = causes.map(\.remedy).joined(separator: " && ")
    return LabError(
      code: .namespacesRefused,
      message: Phrase(
        en: remedies.isEmpty
          ? "The kernel refuses a user namespace to this user, so the laboratory cannot be made. Run the command as root."
          : "User namespaces are switched off here, so the laboratory cannot be made. Run the command as root, or allow them: \(remedies)",
        ja: remedies.isEmpty
          ? "カーネルがこのユーザーにユーザー名前空間を許可していないため、実験環境を作成できません。root で実行してください。"
          : "ユーザー名前空間が無効なため、実験環境を作成できません。root で実行するか、次のコマンドで有効にしてください: \(remedies)"),
      detail: causes.map { "\($0.path) = \($0.forbids)" }.joined(separator: ", "))
  }
}
