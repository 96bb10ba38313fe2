import FirewallKit
import Language

/// From one state to another, as one edit of the zone. Pure.
struct RPZDialect {
  let settings: RPZSettings

  /// In the scaffold: the resolver answers by the file as it is.
  static let loaded = "answers by the zone file"

  var scaffold: Scaffold { ["zone": settings.action.rawValue, "resolver": Self.loaded] }

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    guard current != goal else { return [] }
    guard goal.scaffold.isEmpty || goal.scaffold == scaffold else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "The zone was edited by others or not in force, and is not put back into that condition.",
          ja: "ゾーンは第三者に編集されていたか、有効ではありませんでした。その状態には戻しません。"))
    }
    var edit = ZoneEdit(file: settings.file, beginning: .withdraw, reload: settings.reload)
    if goal.scaffold.isEmpty {
      guard !current.isEmpty else { return [] }
    } else if current.scaffold != goal.scaffold {
      edit.beginning = .replace(settings.action)
      edit.entries = EntryEdit(from: FirewallState(readAt: goal.readAt), to: goal)
    } else {
      edit.beginning = .edit(settings.action)
      edit.entries = EntryEdit(from: current, to: goal)
      guard !edit.entries.isEmpty else { return [] }
    }
    return [Operation(summary: Self.summary(edit), step: .message(edit.text))]
  }

  private static func summary(_ edit: ZoneEdit) -> Phrase {
    switch edit.beginning {
    case .withdraw: Phrase(en: "Take everything out of the zone", ja: "ゾーンからすべて取り除く")
    case .replace:
      Phrase(
        en: "Write the zone anew with \(edit.entries.added.count) entries",
        ja: "ゾーンを \(edit.entries.added.count) 件で書き直す")
    case .edit:
      Phrase(
        en: "Add \(edit.entries.added.count) to the zone and take \(edit.entries.removed.count) out",
        ja: "ゾーンに \(edit.entries.added.count) 件を加え、\(edit.entries.removed.count) 件を取り除く")
    }
  }
}
