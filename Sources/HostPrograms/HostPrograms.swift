public import FirewallKit
import FoundationEssentials
import Glibc
import Language
import Subprocess

/// Runs the programs of this host that an adapter drives: by argument array, with a deadline, never by a
/// shell.
public struct HostPrograms: Sendable {
  /// A program that ended with an error.
  public struct Refusal: Sendable {
    public var program: String
    /// `exited(4)`.
    public var status: String
    /// What it wrote to its standard error, at most `maximumComplaint` bytes.
    public var complaint: String

    public init(program: String, status: String, complaint: String) {
      self.program = program
      self.status = status
      self.complaint = complaint
    }
  }

  /// Where they are installed. The path of a service often lacks the `sbin` directories.
  public static let usualDirectories = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"]
  /// How long a program may take before it is killed, unless said otherwise.
  public static let usualDeadline: Duration = .seconds(10)
  /// A million entries are about 50 MB.
  static let maximumAnswer = 512 << 20
  static let maximumComplaint = 64 << 10

  /// Absolute; searched in this order.
  public var directories: [String]
  /// How long a program may take; each megabyte of input adds a second.
  public var deadline: Duration
  /// What the programs find in their environment beside ours.
  public var environment: [String: String]
  /// The Debian packages that bring the programs, to be named where one is missing.
  public var packages: [String: String]
  /// What the words of a program that failed mean.
  public var meaning: @Sendable (Refusal) -> AdapterError

  public init(
    directories: [String], deadline: Duration = Self.usualDeadline, environment: [String: String] = [:],
    packages: [String: String] = [:], meaning: @escaping @Sendable (Refusal) -> AdapterError
  ) {
    self.directories = directories
    self.deadline = deadline
    self.environment = environment
    self.packages = packages
    self.meaning = meaning
  }

  /// The directories of the search path of this process, then the usual ones.
  public static var searchPath: [String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init) + usualDirectories
  }

  /// What the program wrote to its standard output.
  ///
  /// Throws unless it ended with 0. After `timedOut` the program was killed and may have done its work.
  public func run(
    _ program: String, _ arguments: [String], input: String = ""
  ) async throws(AdapterError) -> [UInt8] {
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
        throw meaning(Refusal(program: program, status: "\(status)", complaint: complaint))
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

  /// Where a program is; `nil` when it is not installed.
  public func path(of program: String) -> String? {
    directories.lazy.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private enum End: Sendable {
    case finished(TerminationStatus, answer: [UInt8], complaint: String)
    case failed(String)
    case late
  }

  private func outcome(of program: String, _ arguments: [String], _ input: String) async -> End {
    // Their sentences decide the code of an error, so they must not be translated.
    var changes = ["LC_ALL": "C", "PATH": directories.joined(separator: ":")]
    changes.merge(self.environment) { _, ours in ours }
    let environment = Environment.inherit.updating(
      Dictionary(uniqueKeysWithValues: changes.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
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
    let advice = packages[program].map { ", for example: apt install \($0)" } ?? "."
    let hint = packages[program].map { "例: apt install \($0)" } ?? ""
    let places = directories.joined(separator: ", ")
    return AdapterError(
      code: .unavailable,
      message: Phrase(
        en: "The program \(program) is not installed (looked in \(places)). Install it\(advice)",
        ja: "プログラム \(program) が見つかりません（検索先: \(places)）。インストールしてください。\(hint)"))
  }
}
