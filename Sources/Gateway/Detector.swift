public import Detection
public import Enforcement
import FirewallKit
import Foundation
import NetworkTypes
import Policy
public import Reputation

/// Judges sightings and says what is to be blocked.
public struct Detector: Sendable {
  /// A verdict, and the blocks it asks for.
  public struct Finding: Sendable {
    public var sighting: Sighting
    public var verdict: Verdict
    public var orders: [BlockOrder]
  }

  private let slot: ReputationIndexSlot
  private let judge: Judge

  public init(slot: ReputationIndexSlot, judge: Judge = Judge()) {
    self.slot = slot
    self.judge = judge
  }

  /// The verdict on what was seen. Without an address there is nothing to block yet: the answer to a
  /// DNS query brings it, or the connection.
  public func finding(for sighting: Sighting) -> Finding {
    let verdict = judge.verdict(on: sighting.destination, in: slot.index)
    guard verdict.outcome == .block else {
      return Finding(sighting: sighting, verdict: verdict, orders: [])
    }
    let confidence = verdict.evidence.map(\.confidence).max() ?? 0
    let text = Self.json(verdict)
    return Finding(
      sighting: sighting, verdict: verdict,
      orders: sighting.addresses.map { address in
        BlockOrder(
          target: .prefix(IPPrefix(address)), name: sighting.destination.name, confidence: confidence,
          verdict: text)
      })
  }

  /// One line that says why, for the ledger.
  public static func reason(_ verdict: Verdict) -> String {
    let sources = Set(verdict.evidence.map(\.sourceName)).sorted().joined(separator: ", ")
    return "\(verdict.destination) is listed by \(sources)"
  }

  private static func json(_ verdict: Verdict) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(verdict)).map { String(decoding: $0, as: UTF8.self) }
  }
}
