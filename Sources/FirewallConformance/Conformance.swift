public import Enforcement
import FirewallKit
import Language

/// The conformance kit: the laws that every adapter keeps, tried on a device.
public enum Conformance {
  /// All laws, in the order in which they are tried.
  public static var laws: [ConformanceLaw] { readingLaws + changingLaws + engineLaws + faultLaws }

  /// Tries the laws one after another, each from an empty device to an empty device.
  ///
  /// Throws a conflict when something of ours is on the device already: the trial would remove it.
  public static func run(_ subject: ConformanceSubject, laws: [ConformanceLaw] = Self.laws)
    async throws(EngineError) -> ConformanceReport
  {
    let trial = Trial(subject)
    let adapter = subject.makeAdapter()
    let start: FirewallState
    do throws(AdapterError) {
      start = try await adapter.state(in: .everything)
    } catch {
      throw EngineError(code: .unreachable, message: error.message, adapterError: error)
    }
    guard start.isEmpty else {
      throw EngineError(
        code: .conflict,
        message: Phrase(
          en:
            "\(subject.name) holds blocks of ours; the trial would remove them. Try the adapter on an empty firewall, or first: sekisho rollback --all",
          ja:
            "\(subject.name) には本製品による遮断があり、適合試験を行うと削除されます。空のファイアウォールで試すか、先に次を実行してください: sekisho rollback --all"
        ))
    }
    var report = ConformanceReport(subject: subject.name, manifest: adapter.manifest, lines: [])
    let clock = ContinuousClock()
    for law in laws {
      let began = clock.now
      let finding = await Self.finding(of: law, on: trial)
      let (seconds, attoseconds) = (clock.now - began).components
      report.lines.append(
        ConformanceReport.Line(
          law: law.name, statement: law.statement, finding: finding,
          seconds: Double(seconds) + Double(attoseconds) / 1e18))
    }
    return report
  }

  private static func finding(of law: ConformanceLaw, on trial: Trial) async -> Finding {
    var finding = Finding.held
    let foreign = try? await trial.subject.foreignContent?()
    do {
      try await law.run(trial)
    } catch let breach as Breach {
      finding = .broken(because: breach.because)
    } catch let none as NotApplicable {
      finding = .notApplicable(because: none.because)
    } catch let error as AdapterError {
      finding = .broken(because: Phrase(en: error.text(in: .english), ja: error.text(in: .japanese)))
    } catch let error as EngineError {
      finding = .broken(because: Phrase(en: error.text(in: .english), ja: error.text(in: .japanese)))
    } catch {
      finding = .broken(because: Phrase(verbatim: String(describing: error)))
    }
    do {
      try await trial.clear()
      if case .broken = finding { return finding }
      guard try await trial.subject.foreignContent?() == foreign else {
        return .broken(
          because: Phrase(
            en: "Entries that are not ours changed during the trial.",
            ja: "試験中に、本製品以外のエントリーが変化しました。"))
      }
    } catch {
      if case .broken = finding { return finding }
      return .broken(
        because: Phrase(
          en: "The device could not be emptied afterwards: \(error)",
          ja: "試験後にデバイスを空にできませんでした: \(error)"))
    }
    return finding
  }
}
