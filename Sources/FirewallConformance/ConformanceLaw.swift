public import FirewallKit
public import Language

/// One promise that every adapter keeps, and how to find out.
public struct ConformanceLaw: Sendable {
  /// A stable word for programs.
  public let name: String
  public let statement: Phrase
  let run: @Sendable (Trial) async throws -> Void

  init(_ name: String, _ statement: Phrase, run: @escaping @Sendable (Trial) async throws -> Void) {
    self.name = name
    self.statement = statement
    self.run = run
  }
}

/// What a law found.
public enum Finding: Sendable, Codable, Equatable {
  case held
  case broken(because: Phrase)
  /// The adapter declares that it cannot do what the law is about.
  case notApplicable(because: Phrase)
}

/// The laws and what they found on one subject.
public struct ConformanceReport: Sendable, Codable, Equatable {
  public struct Line: Sendable, Codable, Equatable {
    public var law: String
    public var statement: Phrase
    public var finding: Finding
    public var seconds: Double
  }

  public var subject: String
  public var manifest: AdapterManifest
  public var lines: [Line]

  /// Whether no law was broken.
  public var holds: Bool { broken.isEmpty }
  public var broken: [Line] {
    lines.filter { if case .broken = $0.finding { true } else { false } }
  }
}

/// That a law does not hold, and why.
struct Breach: Error {
  var because: Phrase
}

/// That a law has nothing to say about this adapter.
struct NotApplicable: Error {
  var because: Phrase
}
