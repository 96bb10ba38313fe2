import Enforcement
import FirewallKit
public import Language
import NetworkTypes

/// Random sequences of everything that may happen to a firewall, each step checked against a model
/// that only counts: whatever goes wrong, device and ledger agree and no success is false.
public struct RandomWalk: Sendable {
  public var sequences: Int
  /// Steps in each sequence.
  public var steps: Int
  public var seed: UInt64
  /// Whether time may pass: a clock that can be moved is needed for long deadlines.
  public var movesTime: Bool

  public init(sequences: Int, steps: Int = 20, seed: UInt64, movesTime: Bool = true) {
    self.sequences = sequences
    self.steps = steps
    self.seed = seed
    self.movesTime = movesTime
  }

  /// Where a walk went wrong: what to run again, and the way there.
  public struct Misstep: Error, Sendable {
    public var seed: UInt64
    public var trail: [String]
    public var because: Phrase
  }

  /// Walks on a subject that is empty at the start, and leaves it empty. Sequence n walks by
  /// `seed + n`, so that one sequence can be repeated alone.
  public func run(_ subject: ConformanceSubject) async throws(Misstep) {
    for sequence in 0..<sequences {
      let own = seed &+ UInt64(sequence)
      var walker = Walker(Trial(subject), seed: own, movesTime: movesTime)
      do {
        for _ in 0..<steps { try await walker.step() }
        try await walker.end()
      } catch {
        let because =
          switch error {
          case let breach as Breach: breach.because
          case let error as EngineError: Phrase(en: error.text(in: .english), ja: error.text(in: .japanese))
          case let error as AdapterError: Phrase(en: error.text(in: .english), ja: error.text(in: .japanese))
          default: Phrase(verbatim: String(describing: error))
          }
        throw Misstep(seed: own, trail: walker.trail, because: because)
      }
    }
  }
}
