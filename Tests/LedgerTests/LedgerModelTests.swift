import Enforcement
import FirewallKit
import NetworkTypes
import Randomness
import Testing

@testable import Ledger

/// What the journal should say, computed anew from the list of all actions at each question.
private struct Model {
  struct Action {
    var id: ActionID
    var intent: Intent
    var began: Range<Int64>
    var outcome: Outcome?
    var failed: Bool {
      switch outcome {
      case nil, .applied, .unknown: false
      case .restored, .stranded: true
      }
    }
    var isOpen: Bool {
      switch outcome {
      case nil, .unknown: true
      default: false
      }
    }
  }

  var actions: [Action] = []

  func inForce(_ firewall: String) -> [Int64] { replay(firewall).current }

  /// Decisions that have ended without having failed.
  func ended(_ firewall: String) -> [Int64] { replay(firewall).ended }

  private func replay(_ firewall: String) -> (current: [Int64], ended: [Int64]) {
    var live: [Int64: Bool] = [:]
    for action in actions where action.intent.firewall == firewall && !action.failed {
      for id in action.began { live[id] = true }
      for id in action.intent.ends { if live[id] != nil { live[id] = false } }
      for id in action.intent.reinstates { if live[id] != nil { live[id] = true } }
    }
    return (live.filter(\.value).keys.sorted(), live.filter { !$0.value }.keys.sorted())
  }

  /// Valid while only one action is open at a time on a firewall.
  func allowed(_ firewall: String) -> [BlockTarget] {
    var list: [BlockTarget] = []
    for action in actions where action.intent.firewall == firewall && !action.failed {
      list.removeAll { action.intent.disallows.contains($0) }
      for entry in action.intent.allows {
        list.removeAll { $0 == entry.target }
        list.append(entry.target)
      }
    }
    return list
  }
}

struct LedgerModelTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func randomSequencesAgreeWithTheModel(_ seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    let place = try Place()
    var ledger = try place.open(.processEnd)
    var model = Model()
    let targets = (0..<20).map { "192.0.2.\($0)" }
    for step in 0..<120 {
      let firewall = Bool.random(using: &random) ? "edge" : "core"
      let open = model.actions.indices.filter {
        model.actions[$0].isOpen && model.actions[$0].intent.firewall == firewall
      }
      // Decisions may be touched by several open actions; the allow list is changed by one at a time.
      if open.count > 2 || (!open.isEmpty && Int.random(in: 0..<3, using: &random) > 0) {
        let index = try #require(open.randomElement(using: &random))
        let outcomes = Sample.takingBack + [.applied, .applied, .unknown(cause: Sample.failure)]
        let outcome = try #require(outcomes.randomElement(using: &random))
        try await ledger.finish(model.actions[index].id, receipt: Sample.receipt(outcome))
        model.actions[index].outcome = outcome
      } else {
        func some(_ ids: [Int64]) -> [Int64] {
          ids.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
        }
        var intent = Sample.intent(
          (0..<Int.random(in: 0..<4, using: &random)).map { _ in
            Sample.decision(targets.randomElement(using: &random)!, on: firewall)
          }, on: firewall)
        intent.ends = some(model.inForce(firewall))
        intent.reinstates = some(model.ended(firewall))
        if open.isEmpty {
          intent.disallows = model.allowed(firewall).filter { _ in Bool.random(using: &random) }
          intent.allows = (0..<Int.random(in: 0..<3, using: &random)).map { _ in
            var entry = Sample.allow(targets.randomElement(using: &random)!)
            entry.firewall = firewall
            return entry
          }
          var seen: Set<BlockTarget> = []
          intent.allows.removeAll { !seen.insert($0.target).inserted }
        }
        let begun = try await ledger.begin(intent, plan: Sample.plan(step))
        model.actions.append(
          Model.Action(id: begun.id, intent: intent, began: begun.decisions, outcome: nil))
      }
      if step % 30 == 29 {
        try ledger.close()
        ledger = try place.open(.processEnd)
      }
      for firewall in ["edge", "core"] {
        #expect(try await ledger.decisionsInForce(on: firewall).map(\.id) == model.inForce(firewall))
        let openActions = model.actions.filter { $0.isOpen && $0.intent.firewall == firewall }
        #expect(try await ledger.openActions(on: firewall).map(\.0.id) == openActions.map(\.id))
        let restored = try await ledger.allowEntries(on: firewall).map(\.target)
        #expect(Set(restored) == Set(model.allowed(firewall)))
        #expect(restored.count == Set(restored).count)
      }
    }
    let verification = try await ledger.verifyAudit()
    #expect(verification.fault == nil)
    for action in model.actions {
      let recorded = try #require(try await ledger.action(action.id))
      #expect(recorded.began == Array(action.began))
      #expect(recorded.ended == action.intent.ends)
      #expect(recorded.reinstated == action.intent.reinstates)
    }
  }
}
