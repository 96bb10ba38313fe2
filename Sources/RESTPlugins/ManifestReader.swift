import ConfigurationFile
import FirewallKit
import Language

/// Reads what a description declares of its adapter.
struct ManifestReader {
  let top: ConfigurationSection

  init(_ top: ConfigurationSection) { self.top = top }

  private enum Atomicity: String, CaseIterable { case operation, entry }
  private enum ReadBack: String, CaseIterable { case live, configured }
  private enum Expiry: String, CaseIterable { case device, gateway }
  private enum Prefixes: String, CaseIterable { case overlapping, disjoint }
  private enum PeerKind: String, CaseIterable {
    case real, mock, simulator
    case simulatorWithClient = "simulator-with-client"
  }

  /// `nil` after something was reported.
  func manifest() -> AdapterManifest? {
    let name = top.requiredText("name", example: "my-firewall")
    if let name, !RESTSettings.permits(adapterName: name) {
      top.report(
        .invalid, "name",
        Phrase(
          en: "A name has 1 to 40 lower-case letters, digits and hyphens.",
          ja: "名前は小文字の英字・数字・ハイフンで 1〜40 文字にしてください。"))
    }
    let summary = RequestReader.phrase(top.section("summary"))
    let peers = top.sections("tested-against").compactMap { section -> TestPeer? in
      defer { section.finish() }
      let kind = section.choice("kind", of: PeerKind.self)
      let peer = section.text("name") ?? ""
      if kind == nil, !section.contains("kind") { _ = section.requiredText("kind", example: "simulator") }
      return kind.flatMap { TestPeer.Kind(rawValue: $0.rawValue) }.map { TestPeer($0, peer) }
    }
    guard let capabilities = capabilities(), let name, let summary else { return nil }
    return AdapterManifest(name: name, summary: summary, capabilities: capabilities, testedAgainst: peers)
  }

  private func capabilities() -> Capabilities? {
    let section = top.section("capabilities")
    defer { section.finish() }
    if !top.contains("capabilities") { _ = top.requiredText("capabilities", example: "…") }
    let kinds = section.choices("kinds", of: RESTDescription.Kind.self)
    let atomicity = word("atomicity", of: Atomicity.self, in: section)
    let readBack = word("read-back", of: ReadBack.self, in: section)
    let expiry = word("expiry", of: Expiry.self, in: section)
    let prefixes = word("prefixes", of: Prefixes.self, in: section)
    let most = section.integer("maximum-blocks", in: 1...100_000_000)
    // A timer is a margin longer than its block.
    let longest = section.integer("maximum-seconds", in: 61...Int(Int32.max))
    let survives = section.flag("survives-restart") ?? false
    if kinds?.isEmpty ?? true, top.contains("capabilities") {
      _ = section.contains("kinds") ? nil : section.requiredText("kinds", example: "[address4, prefix4]")
    }
    guard let kinds, !kinds.isEmpty, let atomicity, let readBack, let expiry, let prefixes else { return nil }
    return Capabilities(
      kinds: Set(kinds.compactMap(\.target)),
      atomicity: atomicity == .entry ? .entry : .operation,
      readBack: readBack == .live ? .live : .configured, expiry: expiry == .device ? .device : .gateway,
      validation: .local, prefixes: prefixes == .disjoint ? .disjoint : .overlapping,
      driftDetection: .interval, maximumBlocks: most, maximumTimeToLiveSeconds: longest.map { Int64($0) },
      survivesRestart: survives)
  }

  private func word<Word: RawRepresentable & CaseIterable>(
    _ key: String, of type: Word.Type, in section: ConfigurationSection
  ) -> Word? where Word.RawValue == String {
    if top.contains("capabilities"), !section.contains(key) {
      _ = section.requiredText(key, example: Word.allCases.map(\.rawValue).first ?? "")
    }
    return section.choice(key, of: type)
  }
}
