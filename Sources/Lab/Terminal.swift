import Foundation
import Language
public import NetworkTypes

/// The watched machine: what a person there would see, asked with the programs such a person has.
public struct Terminal: Sendable {
  static let systemResolverList = "/etc/resolv.conf"

  /// Certificate of the web servers outside, which the terminal trusts.
  public let certificate: String
  private let resolverList: String

  init(files: LabFiles) {
    certificate = files.certificate
    resolverList = files.resolverList
  }

  /// A command as it is run at the terminal: in its network namespace, with its own resolver.
  func command(_ program: [String]) -> [String] {
    [
      "nsenter", "--net=\(LabTopology.path(ofNamespace: LabNetwork.terminalNamespace))", "--", "unshare",
      "--mount", "--", "sh", "-euc", "mount --bind \"$0\" \"$1\"; shift; exec \"$@\"", resolverList,
      URL(fileURLWithPath: Self.systemResolverList).resolvingSymlinksInPath().path,
    ] + program
  }

  /// Asks the resolver outside, by the C library as any program does.
  /// - Returns: every address, none when there is no answer.
  public func resolve(_ name: DomainName) async throws(LabError) -> [IPAddress] {
    let answer = try await SystemProgram.answer(of: command(["getent", "ahosts", name.text]))
    var addresses: [IPAddress] = []
    for line in answer.output.split(separator: "\n") {
      guard let text = line.split(separator: " ").first, let address = IPAddress(String(text)),
        !addresses.contains(address)
      else { continue }
      addresses.append(address)
    }
    return addresses
  }

  /// Opens a page with curl.
  /// - Parameters:
  ///   - url: `http:` or `https:`; addresses and the laboratory's names are both in its certificate.
  ///   - family: one family only; otherwise curl tries both and takes what answers first.
  ///   - timeout: for resolving, connecting and loading together.
  public func fetch(
    _ url: String, family: AddressFamily? = nil, timeout: Duration = .seconds(2)
  ) async throws(LabError) -> Fetch {
    let answer = try await SystemProgram.answer(
      of: command(
        ["curl", "-q", "--silent", "--show-error", "--output", "/dev/null", "--noproxy", "*"]
          + (family.map { [$0 == .ipv4 ? "-4" : "-6"] } ?? [])
          + [
            "--cacert", certificate, "--max-time", "\(timeout / .seconds(1))", "--write-out", "%{json}", url,
          ]))
    guard let report = try? JSONDecoder().decode(CurlReport.self, from: Data(answer.output.utf8)) else {
      throw LabError(
        code: .probeFailed,
        message: Phrase(
          en: "curl at the terminal gave no report for \(url).",
          ja: "端末の curl が \(url) の結果を返しませんでした。"),
        detail: answer.complaint)
    }
    return Fetch(
      reached: report.exitcode == 0, seconds: report.time_total,
      httpStatus: report.http_code == 0 ? nil : report.http_code,
      connected: report.time_connect > 0, server: report.remote_ip.flatMap { IPAddress($0) },
      error: report.exitcode == 0 ? nil : report.errormsg ?? "curl exit \(report.exitcode)")
  }

  /// Opens a connection that stays open for `body`: a long page that arrives in small pieces.
  /// - Parameter url: see `streamURL(at:secure:)`.
  public func withConnection<Result: Sendable>(
    to url: String, _ body: @Sendable (EstablishedConnection) async throws -> Result
  ) async throws -> Result {
    try await EstablishedConnection.run(
      command([
        "curl", "-q", "--silent", "--no-buffer", "--noproxy", "*", "--cacert", certificate, "--max-time",
        "600",
        url,
      ]), body)
  }

  /// The address of the long page at a server.
  public static func streamURL(at server: IPAddress, secure: Bool = false) -> String {
    url(of: server, secure: secure) + "stream"
  }

  /// The address of a short page at a server.
  public static func url(of server: IPAddress, secure: Bool = false) -> String {
    "\(secure ? "https" : "http")://\(server.isIPv4 ? "\(server)" : "[\(server)]")/"
  }

  /// The address of a short page by name, which the terminal has to resolve.
  public static func url(of name: DomainName, secure: Bool = false) -> String {
    "\(secure ? "https" : "http")://\(name)/"
  }

  /// Names as curl writes them.
  private struct CurlReport: Decodable {
    var exitcode: Int
    var errormsg: String?
    var http_code: Int
    var remote_ip: String?
    var time_connect: Double
    var time_total: Double
  }
}

public enum AddressFamily: Sendable, CaseIterable {
  case ipv4, ipv6
}

/// What came of opening a page.
public struct Fetch: Sendable, Equatable {
  /// Whether the whole page came, whatever its status.
  public var reached: Bool
  /// From the start to the end, resolving included.
  public var seconds: Double
  /// The status line's number; nil when no answer came.
  public var httpStatus: Int?
  /// Whether a connection was opened, whatever came of it: then the first packet got through.
  public var connected: Bool
  /// The address that answered or was tried last.
  public var server: IPAddress?
  /// curl's own words; nil when the page came.
  public var error: String?
}
