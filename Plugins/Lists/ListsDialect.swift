import FirewallKit
import Language

/// From one state to another, as one edit of what is published. Pure.
struct ListsDialect {
  let settings: ListsSettings

  var scaffold: Scaffold { ["lists": Self.names(settings.formats)] }

  static func names(_ formats: [ListFormat]) -> String { formats.map(\.rawValue).joined(separator: " ") }

  func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [Operation] {
    guard current != goal else { return [] }
    guard goal.scaffold.isEmpty || goal.scaffold == scaffold else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en:
            "The lists were edited by others or had other formats, and are not put back into that condition.",
          ja: "リストは第三者に編集されていたか、別の形式でした。その状態には戻しません。"))
    }
    var edit = PublicationEdit(
      directory: settings.directory, beginning: .withdraw, formats: settings.formats)
    if goal.scaffold.isEmpty {
      guard !current.isEmpty else { return [] }
    } else if current.scaffold != goal.scaffold {
      edit.beginning = .replace
      edit.entries = EntryEdit(from: FirewallState(readAt: goal.readAt), to: goal)
    } else {
      edit.beginning = .edit
      edit.entries = EntryEdit(from: current, to: goal)
      guard !edit.entries.isEmpty else { return [] }
    }
    return [Operation(summary: Self.summary(edit), step: .message(edit.text))]
  }

  private static func summary(_ edit: PublicationEdit) -> Phrase {
    switch edit.beginning {
    case .withdraw: Phrase(en: "Publish empty lists", ja: "空のリストを公開する")
    case .replace:
      Phrase(
        en: "Publish the lists anew with \(edit.entries.added.count) entries",
        ja: "リストを \(edit.entries.added.count) 件で公開し直す")
    case .edit:
      Phrase(
        en:
          "Publish lists with \(edit.entries.added.count) more entries and \(edit.entries.removed.count) fewer",
        ja: "リストに \(edit.entries.added.count) 件を加え、\(edit.entries.removed.count) 件を除いて公開する")
    }
  }
}
