import ArgumentParser
import Crypto
import Enforcement
import FirewallConformance
import FirewallKit
import Foundation
import Gateway
import Language
import Ledger
import NetworkTypes
import Policy

struct AdapterCheck: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Try the laws of the adapter contract on a configured firewall, with documentation addresses.",
    discussion: """
      Blocks and unblocks addresses that are reserved for documentation, provokes faults, reads back, and \
      leaves nothing behind. The firewall must hold no blocks of ours. Writes a dated certificate in three \
      files (JSON, English, Japanese) and records its hash in the audit log.
      """)

  @Argument(help: "The firewall, by its name in the configuration.") var firewall: String
  @Option(help: "The directory of the certificate. Default: certificates/ below the state directory.")
  var certificates: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let configuration = gateway.configuration
    let console = global.console
    guard let entry = configuration.firewalls.first(where: { $0.name == firewall }) else {
      let known = configuration.firewalls.map(\.name).joined(separator: ", ")
      throw CommandFailure(
        .usage,
        Phrase(
          en: "There is no firewall “\(firewall)” in \(global.config). Known: \(known)",
          ja: "\(global.config) にファイアウォール「\(firewall)」はありません。登録済み: \(known)"))
    }
    guard entry.mode == .enforce, configuration.policy.mode == .enforce else {
      throw CommandFailure(
        .refused,
        Phrase(
          en: "\(firewall) is in dry run: nothing may be sent to it. The check needs mode: enforce.",
          ja: "\(firewall) は予行（ドライラン）中のため、何も送信できません。検証には mode: enforce が必要です。"))
    }
    let subject = ConformanceSubject(
      name: firewall, makeAdapter: { entry.make(Timestamp.now) }, clock: Timestamp.now)
    let startedAt = Timestamp.now()
    let report: ConformanceReport
    do throws(EngineError) {
      // Nobody else may change the firewall meanwhile, nor take what is tried for drift.
      report = try await WriterLock(directory: global.state, firewall: firewall).hold {
        () async throws(EngineError) in try await Conformance.run(subject)
      }
    } catch {
      throw CommandFailure(error)
    }
    let certificate = ConformanceCertificate(
      report, program: Sekisho.version, startedAt: startedAt, finishedAt: Timestamp.now())
    let kept = try await keep(certificate, gateway)
    if console.json {
      try console.object(certificate)
    } else {
      for line in report.lines {
        switch line.finding {
        case .held:
          console.say(Phrase(en: "held    \(line.statement.en)", ja: "成立    \(line.statement.ja)"), .green)
        case .notApplicable(let because):
          console.say(
            Phrase(
              en: "n/a     \(line.statement.en) (\(because.en))",
              ja: "対象外  \(line.statement.ja)（\(because.ja)）"), .dim)
        case .broken(let because):
          console.say(
            Phrase(
              en: "BROKEN  \(line.statement.en): \(because.en)",
              ja: "不成立  \(line.statement.ja): \(because.ja)"), .red)
        }
      }
      console.say(
        report.holds
          ? Phrase(
            en: "\(firewall) keeps every law that applies to it.", ja: "\(firewall) は該当するすべての要件を満たしています。")
          : Phrase(
            en: "\(firewall) breaks the contract; do not block with it.",
            ja: "\(firewall) は要件を満たしていません。遮断に使用しないでください。"),
        report.holds ? .green : .red)
      console.say(
        Phrase(en: "Certificate, for programs and people:", ja: "検証書（プログラム用・日本語・英語）:"), .dim)
      console.line("    \(kept).{json,ja.md,en.md}")
    }
    return report.holds ? .done : .failed
  }

  /// Writes the certificate's files, and its hash to the audit log.
  /// - Returns: the path of the files without their endings.
  private func keep(_ certificate: ConformanceCertificate, _ gateway: Gateway) async throws(CommandFailure)
    -> String
  {
    let directory = certificates ?? global.state + "/certificates"
    let moment = certificate.startedAt.toSeconds.filter { $0 != "-" && $0 != ":" }
    let path = "\(directory)/\(firewall)-\(moment)"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let json: Data
    do {
      json = try encoder.encode(certificate) + Data("\n".utf8)
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try json.write(to: URL(filePath: path + ".json"), options: .atomic)
      for language in Language.allCases {
        try Data(certificate.text(in: language).utf8).write(
          to: URL(filePath: "\(path).\(language.rawValue).md"), options: .atomic)
      }
    } catch {
      throw CommandFailure(
        .failed,
        Phrase(
          en: "The certificate cannot be written to \(directory): \(error.localizedDescription)",
          ja: "検証書を \(directory) に書き込めません: \(error.localizedDescription)"))
    }
    do throws(JournalError) {
      try await gateway.ledger.append(
        AuditKind(rawValue: "certificate"), actor: GlobalOptions.actor,
        payload: CertificateRecord(
          firewall: firewall, file: path + ".json", holds: certificate.holds,
          sha256: SHA256.hash(data: json).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined()))
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    return path
  }

  /// What the audit log tells of a certificate.
  private struct CertificateRecord: Encodable {
    var firewall: String
    var file: String
    var holds: Bool
    var sha256: String
  }
}
