import FirewallKit
import Language
import NetworkTypes

/// The zone file and the resolver's answer, as a state. Pure.
struct RPZReader {
  let settings: RPZSettings

  /// A file of ours, and whether it is to the letter what we write.
  struct Zone {
    var content: PolicyZone
    var isUntouched: Bool
  }

  /// Reads the file; `nil` when there is nothing in it. Throws `foreign` when it lacks our mark.
  func zone(_ text: String?) throws(AdapterError) -> Zone? {
    guard let text, !text.isEmpty else { return nil }
    guard let content = PolicyZone(text) else {
      throw AdapterError(
        code: .foreign,
        message: Phrase(
          en:
            "\(settings.file) does not begin with our mark: it is somebody else's. Name a file that is ours "
            + "alone.",
          ja: "\(settings.file) の先頭に本製品の印がありません。ほかのファイルと思われます。本製品専用のファイルを指定してください。"))
    }
    return Zone(content: content, isUntouched: content.text(settings.versionName) == text)
  }

  /// - Parameter version: what the resolver answers by; `nil` when by nothing of ours.
  func state(_ zone: Zone, version: String?, at moment: Timestamp) -> FirewallState {
    var state = FirewallState(readAt: moment)
    if let action = zone.content.action {
      state.scaffold["zone"] = zone.isUntouched ? action.rawValue : "edited by others"
    }
    if let version {
      state.scaffold["resolver"] =
        version == zone.content.version ? RPZDialect.loaded : "answers by another version"
    }
    state.allowed = zone.content.allowed
    for target in zone.content.blocks { state.blocks[target] = .untimed }
    return state
  }
}
