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
  }

  private let slot: ReputationIndexSlot
  private let parts: DetectorParts
  private let passive = PassiveNameTable()

  public init(slot: ReputationIndexSlot, parts: DetectorParts = .listingsOnly) {
    self.slot = slot
    self.parts = parts
  }

  /// Whether names that no list holds are worth handing over.
  var judgesNames: Bool { parts.judge.nameModel != nil }

  /// Pairs of address and name that gave way to newer ones before they expired.
  var passiveNamesOverwritten: UInt64 { passive.overwritten }

  /// The verdict on what was seen. Without an address there is nothing to block yet: the answer to a
  /// DNS query brings it, or the connection.
  ///
  /// A connection to a bare address is judged by the names seen to resolve to it as well; what weighs
  /// most counts.
  public func finding(for sighting: Sighting) -> Finding {
    passive.note(sighting)
    let index = slot.index
    var verdict = parts.judge.verdict(on: sighting.destination, in: index)
    if sighting.destination.name == nil, let address = sighting.destination.address {
      for name in passive.names(of: address, now: sighting.time) {
        let named = parts.judge.verdict(
          on: Destination(name: name, address: address, port: sighting.destination.port), in: index)
        if named.score > verdict.score { verdict = named }
      }
    }
    var finding = Finding(sighting: sighting, verdict: verdict, orders: [], held: [])
    guard verdict.outcome == .block else { return finding }
    let confidence = Self.confidence(verdict, parts.judge.nameModel)
    let text = Self.json(verdict)
    for address in sighting.addresses {
      let names = passive.names(of: address, now: sighting.time)
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

  /// How sure the verdict is, for the policy: the best source's confidence where listings alone reach the
  /// threshold, otherwise also the probability that the model gives the name.
  static func confidence(_ verdict: Verdict, _ model: NameModel?) -> Double {
    let listed = verdict.evidence.map(\.confidence).max() ?? 0
    guard verdict.listedPoints < verdict.threshold, let name = verdict.destination.name,
      let score = model?.score(name)
    else { return listed }
    return max(listed, model?.probability(score) ?? 0)
  }

  /// One line that says why, for the ledger and the log.
  public static func reason(_ verdict: Verdict) -> String { reasonPhrase(verdict).en }

  /// Why, truthfully: listed by whom, or by the score of the name, or by both.
  public static func reasonPhrase(_ verdict: Verdict) -> Phrase {
    let sources = Set(verdict.evidence.map(\.sourceName)).sorted()
    let list = Phrase(en: sources.joined(separator: ", "), ja: sources.joined(separator: "、"))
    let limit = points(verdict.threshold)
    let subject = verdict.destination.description
    guard let own = verdict.namePoints else {
      return sources.isEmpty
        ? Phrase(en: "\(subject) is not conspicuous", ja: "\(subject) に目立つ点はない")
        : Phrase(en: "\(subject) is listed by \(list.en)", ja: "\(subject) を掲載: \(list.ja)")
    }
    if sources.isEmpty {
      return Phrase(
        en: "\(subject) is on no list; its name scores \(points(own)), block threshold \(limit)",
        ja: "\(subject) は掲載なし、名前の評価値 \(points(own))（遮断のしきい値 \(limit)）")
    }
    return Phrase(
      en: "\(subject) is listed by \(list.en), and its name adds \(points(own)): \(points(verdict.score)), "
        + "block threshold \(limit)",
      ja: "\(subject) を掲載: \(list.ja)。名前の評価値 \(points(own)) を加えて \(points(verdict.score))"
        + "（遮断のしきい値 \(limit)）")
  }

  private static func points(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func json(_ verdict: Verdict) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(verdict)).map { String(decoding: $0, as: UTF8.self) }
  }
}
