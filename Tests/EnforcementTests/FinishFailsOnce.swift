import Enforcement
import FirewallKit
import Language
import NetworkTypes
import Synchronization

/// A journal whose disk is full when the first receipt comes.
final class FinishFailsOnce: Journal {
  private let base: MemoryJournal
  private let failed = Mutex(false)

  init(_ base: MemoryJournal) { self.base = base }

  func finish(_ action: ActionID, receipt: Receipt) throws(JournalError) -> Int64 {
    let first = failed.withLock { failed in
      defer { failed = true }
      return !failed
    }
    if first { throw JournalError(code: .unwritable, message: Phrase(en: "Disk full.", ja: "ディスクがいっぱいです。")) }
    return try base.finish(action, receipt: receipt)
  }

  func keep(_ plan: Plan) throws(JournalError) { try base.keep(plan) }
  func plan(digest: String) throws(JournalError) -> Plan? { try base.plan(digest: digest) }
  func begin(_ intent: Intent, plan: Plan) throws(JournalError) -> BegunAction {
    try base.begin(intent, plan: plan)
  }
  func openActions(on firewall: String) throws(JournalError) -> [(RecordedAction, Plan)] {
    try base.openActions(on: firewall)
  }
  func action(_ id: ActionID) throws(JournalError) -> RecordedAction? { try base.action(id) }
  func actions(on firewall: String?, since: Timestamp?, limit: Int) throws(JournalError) -> [RecordedAction] {
    try base.actions(on: firewall, since: since, limit: limit)
  }
  func decisionsInForce(on firewall: String) throws(JournalError) -> [Decision] {
    try base.decisionsInForce(on: firewall)
  }
  func decisions(_ ids: [Int64]) throws(JournalError) -> [Decision] { try base.decisions(ids) }
  func allowEntries(on firewall: String) throws(JournalError) -> [AllowEntry] {
    try base.allowEntries(on: firewall)
  }
  func revision(on firewall: String) throws(JournalError) -> Int64 { try base.revision(on: firewall) }
}
