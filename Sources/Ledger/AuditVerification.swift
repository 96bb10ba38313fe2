public import Language

/// What was found when the audit log was verified.
public struct AuditVerification: Sendable, Equatable {
  /// Entries that were found good, from the first on.
  public var checked: Int64
  /// The end of the part that is good; `nil` when the first entry is not. Where `fault` is `nil`, this
  /// is the anchor to keep.
  public var head: AuditAnchor?
  /// The first thing that is wrong; `nil` when all is as it was written.
  public var fault: AuditFault?

  public init(checked: Int64, head: AuditAnchor?, fault: AuditFault?) {
    self.checked = checked
    self.head = head
    self.fault = fault
  }

  public var isIntact: Bool { fault == nil }
}

/// One way in which the ledger is not what was written.
public struct AuditFault: Sendable, Equatable {
  public enum Code: String, Sendable, Codable, CaseIterable {
    /// An entry is absent.
    case gap
    /// An entry, or the one before it, was altered.
    case hash
    /// The chain holds, but the rows that an entry vouches for are not as they were.
    case rows
    /// The journal holds rows that no entry vouches for, as after a log that was cut at its end.
    case unrecorded
    /// What is in force does not follow from the actions and receipts.
    case state
    /// The log ends before the anchor.
    case truncated
    /// The entry that the anchor names has another hash: the log was written anew.
    case anchor
    /// SQLite finds its file inconsistent.
    case file
  }

  public var code: Code
  /// The first entry that is concerned; `nil` where it cannot be told.
  public var sequence: Int64?
  /// The table or the reason, for people who go on searching.
  public var detail: String

  public init(code: Code, sequence: Int64?, detail: String = "") {
    self.code = code
    self.sequence = sequence
    self.detail = detail
  }

  /// What is wrong and what it means.
  public var message: Phrase {
    let number = sequence.map(String.init) ?? "?"
    let more = detail.isEmpty ? "" : " (\(detail))"
    let moreJa = detail.isEmpty ? "" : "（\(detail)）"
    return switch code {
    case .gap:
      Phrase(
        en: "Entry \(number) of the audit log is missing.", ja: "監査ログの \(number) 件目が欠けています。")
    case .hash:
      Phrase(
        en: "The audit log was altered at or just before entry \(number): the hash chain breaks there.",
        ja: "監査ログが \(number) 件目またはその直前で改変されています。ハッシュ連鎖がそこで切れています。")
    case .rows:
      Phrase(
        en: "The records that entry \(number) vouches for were altered\(more).",
        ja: "監査ログの \(number) 件目が裏付ける記録が改変されています\(moreJa)。")
    case .unrecorded:
      Phrase(
        en: "The ledger holds records that the audit log does not know\(more).",
        ja: "台帳に、監査ログにない記録があります\(moreJa)。")
    case .state:
      Phrase(
        en: "What the ledger calls in force does not follow from its actions and receipts\(more).",
        ja: "台帳で有効とされている内容が、操作と実施記録から導かれるものと一致しません\(moreJa)。")
    case .truncated:
      Phrase(
        en: "The audit log ends before entry \(number), which the anchor proves: its end was cut off.",
        ja: "監査ログが、控えにある \(number) 件目より前で終わっています。末尾が切り取られています。")
    case .anchor:
      Phrase(
        en: "Entry \(number) is not the one of the anchor: the audit log was written anew.",
        ja: "\(number) 件目が控えと一致しません。監査ログが書き直されています。")
    case .file:
      Phrase(
        en: "The file of the ledger is damaged\(more).", ja: "台帳のファイルが壊れています\(moreJa)。")
    }
  }
}
