import Foundation
import Language
import Subprocess

/// A program of the system that the laboratory is made of, and the Debian package that brings it.
enum SystemProgram: String, Sendable, CaseIterable {
  case curl, dnsmasq, getent, ip, mount, nft, nginx, nsenter, openssl, sh, truncate, unshare

  /// A user's search path lacks the folders where Debian keeps most of these.
  static let directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

  var package: String {
    switch self {
    case .curl: "curl"
    case .dnsmasq: "dnsmasq-base"
    case .getent: "libc-bin"
    case .ip: "iproute2"
    case .mount: "mount"
    case .nft: "nftables"
    case .nginx: "nginx-light"
    case .nsenter, .unshare: "util-linux"
    case .openssl: "openssl"
    case .sh: "dash"
    case .truncate: "coreutils"
    }
  }

  static func path(of name: String) -> String? {
    directories.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Packages to install before a laboratory can be built; empty when nothing is missing.
  static var missingPackages: [String] {
    Set(allCases.filter { path(of: $0.rawValue) == nil }.map(\.package)).sorted()
  }

  struct Answer: Sendable {
    var status: TerminationStatus
    var output: String
    var complaint: String
  }

  /// Runs a command to its end, with the input as text.
  static func answer(
    of command: [String], input: String = "", outputLimit: Int = 64 << 20
  ) async throws(LabError) -> Answer {
    guard let name = command.first, path(of: name) != nil else {
      throw missing(command.first ?? "")
    }
    do {
      let result = try await Subprocess.run(
        .name(name), arguments: Arguments(Array(command.dropFirst())), environment: environment,
        input: .array(Array(input.utf8)), output: .bytes(limit: outputLimit), error: .bytes(limit: 1 << 20))
      return Answer(
        status: result.terminationStatus, output: String(decoding: result.standardOutput, as: UTF8.self),
        complaint: String(decoding: result.standardError, as: UTF8.self))
    } catch {
      throw LabError(
        code: .probeFailed,
        message: Phrase(
          en: "\(name) could not be run to its end; look at the detail.",
          ja: "\(name) を最後まで実行できませんでした。詳細を確認してください。"),
        detail: "\(error)")
    }
  }

  /// As `answer`, for steps of the building that must succeed.
  @discardableResult
  static func run(_ command: [String], input: String = "") async throws(LabError) -> String {
    let answer = try await answer(of: command, input: input)
    guard answer.status.isSuccess else {
      throw LabError(
        code: .setupFailed,
        message: Phrase(
          en: "The laboratory could not be built: `\(command.joined(separator: " "))` failed.",
          ja: "実験環境を構築できませんでした。`\(command.joined(separator: " "))` が失敗しました。"),
        detail: answer.complaint.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return answer.output
  }

  static func missing(_ name: String) -> LabError {
    let package = SystemProgram(rawValue: name)?.package ?? name
    return LabError(
      code: .missingPrograms,
      message: Phrase(
        en: "The program \(name) is not installed. Install it: sudo apt-get install \(package)",
        ja: "プログラム \(name) が見つかりません。インストールしてください: sudo apt-get install \(package)"))
  }

  /// Their words are read, so they must not be translated; a proxy would lead around the laboratory.
  static var environment: Environment {
    Environment.inherit.updating([
      "LC_ALL": "C", "PATH": directories.joined(separator: ":"), "http_proxy": nil, "https_proxy": nil,
      "HTTPS_PROXY": nil, "all_proxy": nil, "ALL_PROXY": nil, "CURL_HOME": nil, "CURL_CA_BUNDLE": nil,
      "SSL_CERT_FILE": nil, "SSL_CERT_DIR": nil,
    ])
  }
}
