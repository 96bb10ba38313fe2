import ConfigurationFile
import FirewallKit
import Language
import NetworkTypes

/// Reads what a description says of answers that are no success.
struct ErrorRuleReader {
  let top: ConfigurationSection

  init(_ top: ConfigurationSection) { self.top = top }

  /// What a rule can conclude: a code of the contract, or that all is well.
  private enum Conclusion: String, CaseIterable {
    case harmless, unavailable, unauthorized, rejected, foreign, conflict, busy, capacity, timedOut,
      unreadable, unsupported
  }

  func rules() -> [RESTDescription.ErrorRule] {
    top.sections("errors").compactMap { section in
      defer { section.finish() }
      let status = section.integer("status", in: 100...599)
      let path = section.text("path").flatMap { RequestReader.path($0, "path", in: section) }
      let text = section.text("contains")
      let means = section.choice("means", of: Conclusion.self)
      if means == nil, !section.contains("means") { _ = section.requiredText("means", example: "rejected") }
      if (path == nil) != (text == nil) || (path == nil && status == nil) {
        section.report(
          .missingKey, "",
          Phrase(
            en: "A rule needs a status, or a path with contains, or all three.",
            ja: "規則には status か、path と contains の組（または 3 つすべて）が必要です。"))
      }
      guard let means else { return nil }
      let message =
        means == .harmless ? Phrase(en: "", ja: "") : RequestReader.phrase(section.section("message"))
      guard let message else { return nil }
      return RESTDescription.ErrorRule(
        status: status, path: path, text: text, code: AdapterError.Code(rawValue: means.rawValue),
        message: message)
    }
  }
}

extension RESTDescription.Kind {
  var target: TargetKind? { TargetKind(rawValue: rawValue) }
}
