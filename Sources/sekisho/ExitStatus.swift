import ArgumentParser
import Enforcement
import FirewallKit
import Language

/// How a command ends; the numbers are part of its contract.
enum ExitStatus: Int32 {
  case done = 0
  /// Failed; nothing was changed.
  case failed = 1
  case refused = 2
  /// Failed, and the firewall was led back and read back.
  case restored = 3
  /// Failed, and leading back could not be verified.
  case stranded = 4
  case conflict = 5
  case unknown = 6
  case usage = 64

  init(_ error: EngineError) {
    switch error.code {
    case .refused: self = .refused
    case .conflict: self = .conflict
    case .unreachable, .ledgerUnavailable, .busy, .missing: self = .failed
    }
  }

  init(_ report: ActionReport) {
    switch report.receipt?.outcome {
    case .restored: self = .restored
    case .stranded: self = .stranded
    case .unknown: self = .unknown
    case .applied, nil: self = report.plan.refused.isEmpty ? .done : .refused
    }
  }

  /// The one a person must hear of first.
  static func worst(_ statuses: [ExitStatus]) -> ExitStatus {
    let order: [ExitStatus] = [.stranded, .unknown, .restored, .conflict, .failed, .usage, .refused, .done]
    return order.first { statuses.contains($0) } ?? .done
  }
}

/// Why a command could not do its work.
struct CommandFailure: Error {
  var status: ExitStatus
  var lines: [Phrase]

  init(_ status: ExitStatus, lines: [Phrase]) {
    self.status = status
    self.lines = lines
  }

  init(_ status: ExitStatus, _ line: Phrase) { self.init(status, lines: [line]) }

  init(_ error: EngineError) {
    self.init(
      ExitStatus(error), Phrase(en: error.text(in: .english), ja: error.text(in: .japanese)))
  }
}

/// A command in the language of its options, with the contract's exit status.
protocol SekishoCommand: AsyncParsableCommand {
  var global: GlobalOptions { get }
  func perform() async throws(CommandFailure) -> ExitStatus
}

extension SekishoCommand {
  func run() async throws {
    let status: ExitStatus
    do throws(CommandFailure) {
      status = try await perform()
    } catch {
      for line in error.lines { global.console.error(line) }
      status = error.status
    }
    guard status == .done else { throw ExitCode(status.rawValue) }
  }
}
