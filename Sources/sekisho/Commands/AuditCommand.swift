import ArgumentParser
import Enforcement
import FirewallKit
import Foundation
import Gateway
import Language
import Ledger
import NetworkTypes

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Who changed what, when and why; and proof that nobody altered the record.",
    subcommands: [AuditList.self, AuditVerify.self], defaultSubcommand: AuditList.self)
}

struct AuditList: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List actions, newest first.")

  @Option(help: "At most this many.") var limit = 20
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let ledger = try global.openGateway().ledger
    let console = global.console
    do throws(JournalError) {
      let actions = try await ledger.actions(on: firewall, since: nil, limit: max(1, limit))
      if console.json {
        for action in actions { try? console.object(ActionView(action, language: console.language)) }
        return .done
      }
      guard !actions.isEmpty else {
        console.say(
          Phrase(
            en: "No action yet. One is made by: sekisho block 192.0.2.1 --for 1h",
            ja: "操作の記録はまだありません。例: sekisho block 192.0.2.1 --for 1h"))
        return .done
      }
      console.table(
        [
          Phrase(en: "Action", ja: "操作"), Phrase(en: "Time", ja: "時刻"), Phrase(en: "What", ja: "内容"),
          Phrase(en: "Outcome", ja: "結果"), Phrase(en: "Who", ja: "実行者"),
        ],
        actions.map { action in
          [
            "\(action.id)", action.startedAt.toSeconds, "\(action.kind.rawValue) \(action.firewall)",
            action.receipt?.outcome.word ?? "open", action.cause.actor,
          ]
        })
      for action in actions where !action.cause.reason.isEmpty {
        console.say(Phrase(verbatim: "\(action.id): \(action.cause.reason)"), indent: 2, .dim)
      }
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    return .done
  }
}

/// One action for programs.
private struct ActionView: Encodable {
  var action: ActionID
  var kind: ActionKind
  var firewall: String
  var startedAt: Timestamp
  var origin: Cause.Origin
  var actor: String
  var reason: String
  var plan: String
  var outcome: String
  var finishedAt: Timestamp?
  var readBackAt: Timestamp?
  var verified: Int?
  var rollbackOf: ActionID?

  init(_ recorded: RecordedAction, language: Language) {
    action = recorded.id
    kind = recorded.kind
    firewall = recorded.firewall
    startedAt = recorded.startedAt
    origin = recorded.cause.origin
    actor = recorded.cause.actor
    reason = recorded.cause.reason
    plan = recorded.planDigest
    outcome = recorded.receipt?.outcome.word ?? "open"
    finishedAt = recorded.receipt?.finishedAt
    readBackAt = recorded.receipt?.readBackAt
    verified = recorded.receipt?.verified
    rollbackOf = recorded.rollbackOf
  }
}

struct AuditVerify: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check the hash chain of the audit log and everything it vouches for.",
    discussion:
      "Keep the anchor that is printed somewhere else: given back with --anchor, it also shows a log that was cut."
  )

  @Option(help: "An anchor printed earlier: NUMBER:HASH.") var anchor: String?
  @OptionGroup var global: GlobalOptions

  private struct View: Encodable {
    var intact: Bool
    var checked: Int64
    var anchor: String?
    var fault: String?
    var sequence: Int64?
    var message: String?
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    var expected: AuditAnchor?
    if let anchor {
      guard let parsed = AuditAnchor(anchor) else {
        throw CommandFailure(
          .usage,
          Phrase(
            en: "“\(anchor)” is not an anchor: a number, a colon, and 64 hexadecimal digits.",
            ja: "「\(anchor)」はアンカーではありません（番号、コロン、16 進 64 桁）。"))
      }
      expected = parsed
    }
    let ledger = try global.openGateway().ledger
    let result: AuditVerification
    do throws(JournalError) {
      result = try await ledger.verifyAudit(against: expected)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    let console = global.console
    if console.json {
      try console.object(
        View(
          intact: result.isIntact, checked: result.checked, anchor: result.head?.description,
          fault: result.fault?.code.rawValue, sequence: result.fault?.sequence,
          message: result.fault.map { $0.message.text(in: console.language) }))
    } else if let fault = result.fault {
      console.say(
        Phrase(
          en: "BROKEN after \(result.checked) good entries: \(fault.message.en)",
          ja: "改変を検出: 正常な記録 \(result.checked) 件の後に異常があります。\(fault.message.ja)"), .red)
    } else {
      console.say(
        Phrase(
          en: "Intact: \(result.checked) entries, each covered by the hash of the next. Anchor:",
          ja: "改変なし: \(result.checked) 件の記録がハッシュ連鎖で保護されています。アンカー:"), .green)
      if let head = result.head { console.line("  " + head.description) }
    }
    return result.isIntact ? .done : .failed
  }
}
