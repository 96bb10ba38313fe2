import FirewallKit
import Language
import NetworkTypes

/// What is published, as a state. Pure.
struct ListsReader {
  let settings: ListsSettings

  /// Reads the record; throws `foreign` when it lacks our mark.
  func publication(_ content: PublicationStore.Content) throws(AdapterError) -> Publication {
    guard let publication = Publication(record: content.record) else {
      throw AdapterError(
        code: .foreign,
        message: Phrase(
          en: "The record in \(settings.directory) does not begin with our mark. Name a directory that is "
            + "ours alone.",
          ja: "\(settings.directory) の記録の先頭に本製品の印がありません。本製品専用のディレクトリーを指定してください。"))
    }
    return publication
  }

  func state(_ content: PublicationStore.Content, at moment: Timestamp) throws(AdapterError) -> FirewallState
  {
    let publication = try publication(content)
    var state = FirewallState(readAt: moment)
    let lists = publication.lists(emptying: settings.formats)
    let isUntouched =
      publication.version == content.version && lists.allSatisfy { content.lists[$0.key] == $0.value }
    if !publication.formats.isEmpty || !isUntouched {
      state.scaffold = ["lists": isUntouched ? ListsDialect.names(publication.formats) : "edited by others"]
    }
    state.allowed = publication.allowed
    for target in publication.blocks { state.blocks[target] = .untimed }
    return state
  }
}
