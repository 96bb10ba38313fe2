import FirewallKit
import FoundationEssentials
import Glibc
import Language
import Subprocess

/// Runs the programs of iptables and ipset: by argument array, with a deadline, never by a shell.
struct SystemPrograms: Sendable {
  /// Where they are installed. The path of a service often lacks the `sbin` directories.
  static let usualDirectories = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"]
  /// How long a program may take before it is killed, and the seconds that a megabyte of input adds.
  static let deadline: Duration = .seconds(10)
  /// A million entries are about 50 MB.
  static let maximumAnswer = 512 << 20
  static let maximumComplaint = 64 << 10

  var directories: [String]
  var deadline = Self.deadline
  var lockFile: String?

  init(directories: [String], deadline: Duration = Self.deadline, lockFile: String? = nil) {
    self.directories = directories
    self.deadline = deadline
    self.lockFile = lockFile
  }

  init(settings: IptablesSettings) {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let named = path.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init)
    self.init(directories: named + Self.usualDirectories, lockFile: settings.lockFile)
  }

  /// What the program wrote to its standard output.
  ///
  /// Throws unless it ended with 0. After `timedOut` the program was killed and may have done its work.
  func run(_ program: String, _ arguments: [String], input: String = "") async throws(AdapterError) -> [UInt8]
  {
    guard let path = path(of: program) else { throw missing(program) }
    // A program that refuses the first line of a long input closes its end of the pipe; that must be
    // an error of one write and not the end of this process.
    _ = Self.brokenPipesAreErrors
    let limit = deadline + .seconds(input.utf8.count >> 20)
    let end = await withTaskGroup(of: End.self) { group in
      group.addTask { await outcome(of: program, arguments, input) }
      group.addTask {
        // Cancelled when the program was first.
        try? await Task.sleep(for: limit)
        return .late
      }
      defer { group.cancelAll() }
      return await group.next() ?? .late
    }
    switch end {
    case .finished(let status, let answer, let complaint):
      guard status.isSuccess else {
        throw ProgramRefusal(program: program, status: "\(status)", complaint: complaint).error
      }
      return answer
    case .failed(let reason):
      throw AdapterError(
        code: .unavailable,
        message: Phrase(
          en: "\(path) could not be run to its end. Look at the detail and at the limits of the service.",
          ja: "\(path) を最後まで実行できませんでした。詳細とサービスの制限を確認してください。"),
        detail: reason)
    case .late:
      throw AdapterError(
        code: .timedOut,
        message: Phrase(
          en:
            "\(program) had not ended after \(limit.components.seconds) s and was stopped; it may have done its work. Only reading tells.",
          ja:
            "\(program) が \(limit.components.seconds) 秒以内に終わらなかったため停止しました。処理済みの可能性があり、読み戻しでしか判断できません。"
        ))
    }
  }

  /// Whether a table that we do not use is there to be read. Only asking legacy iptables for a table
  /// would make it, so this reads the kernel's list of those that are.
  func tableExists(_ table: String, _ family: AddressFamily, _ program: String) -> Bool {
    guard let path = path(of: program) else { return false }
    // Distributions tell the variants apart in the name behind the link: xtables-nft-multi.
    let isNFT = URL(fileURLWithPath: path).resolvingSymlinksInPath().lastPathComponent.contains("nft")
    if isNFT { return true }
    let list = family == .ipv4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names"
    // Without legacy iptables there is no list. In a user namespace it is there and may not be read;
    // an empty table that asking makes there is nobody else's.
    guard let names = try? String(contentsOfFile: list, encoding: .utf8) else {
      return FileManager.default.fileExists(atPath: list)
    }
    return names.split(separator: "\n").contains { $0 == table }
  }

  func path(of program: String) -> String? {
    directories.lazy.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private enum End: Sendable {
    case finished(TerminationStatus, answer: [UInt8], complaint: String)
    case failed(String)
    case late
  }

  private func outcome(of program: String, _ arguments: [String], _ input: String) async -> End {
    // Their sentences decide the code of an error, so they must not be translated.
    var environment = Environment.inherit.updating([
      "LC_ALL": "C", "PATH": directories.joined(separator: ":"),
    ])
    if let lockFile { environment = environment.updating(["XTABLES_LOCKFILE": lockFile]) }
    do {
      let result = try await Subprocess.run(
        .name(program), arguments: Arguments(arguments), environment: environment,
        input: .inputWriter, output: .bytes(limit: Self.maximumAnswer),
        error: .bytes(limit: Self.maximumComplaint)
      ) { execution in
        // When the program stops reading, its own words say why; they come with its end.
        _ = try? await execution.standardInputWriter.write(Array(input.utf8))
        try? await execution.standardInputWriter.finish()
      }
      return .finished(
        result.terminationStatus, answer: result.standardOutput,
        complaint: String(decoding: result.standardError, as: UTF8.self))
    } catch {
      return .failed("\(error)")
    }
  }

  private static let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  private func missing(_ program: String) -> AdapterError {
    let package = program == "ipset" ? "ipset" : "iptables"
    return AdapterError(
      code: .unavailable,
      message: Phrase(
        en:
          "The program \(program) is not installed (looked in \(directories.joined(separator: ", "))). Install it, for example: apt install \(package)",
        ja:
          "プログラム \(program) が見つかりません（検索先: \(directories.joined(separator: "、"))）。インストールしてください。例: apt install \(package)"
      ))
  }
}
