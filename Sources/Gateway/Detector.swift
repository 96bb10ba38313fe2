public import Detection
public import Enforcement
import FirewallKit
import Foundation
public import Language
public import NetworkTypes
import Policy
public import Reputation

/// Judges sightings and says what is to be blocked, and what is not because others would be cut off.
public struct Detector: Sendable {
  /// An address that the verdict asks to block and the collateral guard keeps open.
  public struct Held: Sendable {
    public var address: IPAddress
    public var objection: CollateralGuard.Objection
    /// The block by name, for firewalls that can; `nil` when no name is known.
    public var alternative: BlockOrder?
  }

  /// A verdict, and the blocks it asks for.
  public struct Finding: Sendable {
    public var sighting: Sighting
    public var verdict: Verdict
    public var orders: [BlockOrder]
    public var held: [Held]
    /// When the service had judged it; `nil` elsewhere.
    public var judgedAt: Timestamp?
  }

  private let slot: ReputationIndexSlot
  private let parts: DetectorParts
  private let passive = PassiveNameTable()

  public init(slot: ReputationIndexSlot, parts: DetectorParts = .listingsOnly) {
    self.slot = slot
    self.parts = parts
  }

  /// Whether destinations that no list holds are worth handing over.
  var judgesNames: Bool { parts.judge.nameModel != nil || parts.judge.addressModel != nil }

  /// Pairs of address and name that gave way to newer ones before they expired.
  var passiveNamesOverwritten: UInt64 { passive.overwritten }

  /// The verdict on what was seen. Without an address there is nothing to block yet: the answer to a
  /// DNS query brings it, or the connection.
  ///
  /// What was answered by way of aliases is judged by each of them as well, and a connection to a bare
  /// address by the names seen to resolve to it; what weighs most counts, and the verdict names it.
  public func finding(for sighting: Sighting) -> Finding {
    passive.note(sighting)
    let index = slot.index
    let destination = sighting.destination
    let marks = Self.marks(of: sighting, in: index)
    let names =
      destination.name == nil
      ? destination.address.map { passive.names(of: $0, now: sighting.time) } ?? [] : []
    var verdict = parts.judge.verdict(
      on: destination, marks: marks, isNamed: !names.isEmpty, in: index)
    func consider(_ other: Destination) {
      let named = parts.judge.verdict(on: other, marks: marks, in: index)
      if named.score > verdict.score { verdict = named }
    }
    for alias in sighting.aliases {
      consider(Destination(name: alias, address: destination.address, port: destination.port))
    }
    for name in names {
      consider(Destination(name: name, address: destination.address, port: destination.port))
    }
    var finding = Finding(sighting: sighting, verdict: verdict, orders: [], held: [])
    guard verdict.outcome == .block else { return finding }
    let confidence = Self.confidence(verdict, parts.judge)
    let text = Self.json(verdict)
    for address in sighting.addresses {
      var names = passive.names(of: address, now: sighting.time)
      // What was listed of the connection says nothing of the name it went to, which may be popular.
      if !marks.isEmpty, let name = destination.name, !names.contains(name) { names.append(name) }
      let objection = parts.collateral.objection(to: address, names: names) { name in
        parts.judge.verdict(on: Destination(name: name), in: index).outcome == .block
      }
      if let objection {
        let alternative = verdict.destination.name.map { name in
          BlockOrder(target: .name(name), name: name, confidence: confidence, verdict: text)
        }
        finding.held.append(Held(address: address, objection: objection, alternative: alternative))
      } else {
        finding.orders.append(
          BlockOrder(
            target: .prefix(IPPrefix(address)), name: verdict.destination.name, confidence: confidence,
            verdict: text))
      }
    }
    return finding
  }

  /// What is listed of the connection itself.
  private static func marks(of sighting: Sighting, in index: ReputationIndex) -> [Evidence] {
    (sighting.ja4.map { index.evidence(concerningJA4: $0) } ?? [])
      + sighting.certificates.flatMap { index.evidence(concerning: $0) }
  }

  /// How sure the verdict is, for the policy: the best source's confidence where listings alone reach the
  /// threshold, otherwise also the probability that the model gives the name or the address.
  static func confidence(_ verdict: Verdict, _ judge: Judge) -> Double {
    let listed = verdict.evidence.map(\.confidence).max() ?? 0
    guard verdict.listedPoints < verdict.threshold else { return listed }
    return max(listed, judge.probability(of: verdict) ?? 0)
  }

  /// One line that says why, for the ledger and the log.
  public static func reason(_ verdict: Verdict) -> String { reasonPhrase(verdict).en }

  /// Why, truthfully: listed by whom, or by the score of the name or address, or by both.
  public static func reasonPhrase(_ verdict: Verdict) -> Phrase {
    let sources = Set(verdict.evidence.map(\.sourceName)).sorted()
    let list = Phrase(en: sources.joined(separator: ", "), ja: sources.joined(separator: "、"))
    let limit = points(verdict.threshold)
    let subject = verdict.destination.description
    guard let own = verdict.ownPoints else {
      return sources.isEmpty
        ? Phrase(en: "\(subject) is not conspicuous", ja: "\(subject) に目立つ点はない")
        : Phrase(en: "\(subject) is listed by \(list.en)", ja: "\(subject) を掲載: \(list.ja)")
    }
    let judged =
      verdict.destination.name == nil ? Phrase(en: "address", ja: "アドレス") : Phrase(en: "name", ja: "名前")
    if sources.isEmpty {
      return Phrase(
        en: "\(subject) is on no list; its \(judged.en) scores \(points(own)), block threshold \(limit)",
        ja: "\(subject) は掲載なし、\(judged.ja)の評価値 \(points(own))（遮断のしきい値 \(limit)）")
    }
    return Phrase(
      en: "\(subject) is listed by \(list.en), and its \(judged.en) adds \(points(own)): "
        + "\(points(verdict.score)), block threshold \(limit)",
      ja: "\(subject) を掲載: \(list.ja)。\(judged.ja)の評価値 \(points(own)) を加えて \(points(verdict.score))"
        + "（遮断のしきい値 \(limit)）")
  }

  private static func points(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func json(_ verdict: Verdict) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(verdict)).map { String(decoding: $0, as: UTF8.self) }
  }
}
