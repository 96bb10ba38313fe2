import Enforcement
import FirewallKit
import Language
import NetworkTypes

/// What came of one request on several firewalls, in their order. One that fails does not stop the others,
/// and one that is slow does not hold them up.
struct FirewallResults<Value: Sendable>: Sendable {
  struct Failure: Sendable {
    var firewall: String
    var error: EngineError
  }

  var values: [Value]
  var failures: [Failure]

  init(
    of engines: [FirewallEngine],
    _ body: @escaping @Sendable (FirewallEngine) async throws(EngineError) -> Value
  ) async {
    var results: [Int: Result<Value, EngineError>] = [:]
    await withTaskGroup(of: (Int, Result<Value, EngineError>).self) { group in
      for (index, engine) in engines.enumerated() {
        group.addTask {
          do throws(EngineError) {
            return (index, .success(try await body(engine)))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      for await (index, result) in group { results[index] = result }
    }
    (values, failures) = ([], [])
    for (index, engine) in engines.enumerated() {
      switch results[index] {
      case .success(let value): values.append(value)
      case .failure(let error): failures.append(Failure(firewall: engine.name, error: error))
      case nil: break
      }
    }
  }

  private init(values: [Value], failures: [Failure]) {
    self.values = values
    self.failures = failures
  }

  /// Without the firewalls that had nothing to report.
  func compacted<Present>() -> FirewallResults<Present> where Value == Present? {
    FirewallResults<Present>(
      values: values.compactMap { $0 },
      failures: failures.map { FirewallResults<Present>.Failure(firewall: $0.firewall, error: $0.error) })
  }
}

/// That a change took effect on some firewalls only: a state of its own, neither success nor failure.
struct PartialSuccess: Encodable {
  /// Where it was applied and read back.
  var applied: [String]
  var notApplied: [String]

  /// `nil` when it took effect on all of them, or on none.
  init?(_ results: FirewallResults<ActionReport>) {
    // A firewall in dry run was not meant to take it.
    let sent = results.values.filter { $0.receipt != nil }
    applied = sent.filter { $0.receipt?.outcome == .applied }.map(\.firewall)
    notApplied =
      sent.filter { $0.receipt?.outcome != .applied }.map(\.firewall) + results.failures.map(\.firewall)
    guard !applied.isEmpty, !notApplied.isEmpty else { return nil }
  }
}

extension Console {
  /// Tells why the request failed on a firewall.
  @discardableResult
  func show(_ error: EngineError, of firewall: String) -> ExitStatus {
    self.error(
      Phrase(
        en: "\(firewall): \(error.text(in: .english))", ja: "\(firewall): \(error.text(in: .japanese))"))
    return ExitStatus(error)
  }

  /// Reports of several firewalls, as text or JSON, and the status to end with.
  func finish(_ results: FirewallResults<ActionReport>, now: Timestamp) throws(CommandFailure) -> ExitStatus {
    let failed = results.failures.map { show($0.error, of: $0.firewall) }
    let status = ExitStatus.worst(failed + [try finish(results.values, now: now)])
    guard let partial = PartialSuccess(results) else { return status }
    if json {
      try object(["partial": partial])
      return status
    }
    let (applied, others) = (
      partial.applied.joined(separator: ", "), partial.notApplied.joined(separator: ", ")
    )
    say(
      Phrase(
        en: "PARTIAL: in force on \(applied), not on \(others). Repeat it there with --firewall NAME.",
        ja: "一部のみ適用: \(applied) では有効、\(others) では無効です。--firewall 名前 を付けて再実行してください。"), .red)
    return status
  }
}
