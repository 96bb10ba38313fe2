public import ArgumentParser
import ConfigurationFile
import Enforcement
import FirewallKit
import Foundation
import Gateway
import Language
import Ledger
public import NetworkTypes
import Policy

extension BlockTarget: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// A time to live on the command line: `90s`, `15m`, `1h`, `7d`.
struct TimeToLive: ExpressibleByArgument {
  var duration: Duration

  init?(argument: String) {
    guard let duration = Duration(text: argument), duration > .zero else { return nil }
    self.duration = duration
  }
}

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a block or unblock would do, to the byte. Nothing is changed.",
    subcommands: [PlanBlock.self, PlanUnblock.self])
}

struct PlanBlock: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "block",
    abstract: "Show the operations that would block targets, and keep them under a digest.")

  @Argument(help: "Addresses, prefixes or domain names.") var targets: [BlockTarget]
  @Option(name: .customLong("for"), help: "How long, for example 1h. Default: the policy's.") var duration:
    TimeToLive?
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let cause = global.cause(nil)
    let orders = targets.map { BlockOrder(target: $0, timeToLive: duration?.duration) }
    return try await preview(try global.engines(toBlockOn: gateway, named: firewall)) {
      (engine) async throws(EngineError) in try await engine.previewBlock(orders, cause: cause)
    }
  }
}

struct PlanUnblock: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "unblock",
    abstract: "Show the operations that would unblock targets, and keep them under a digest.")

  @Argument(help: "Addresses, prefixes or domain names.") var targets: [BlockTarget]
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let cause = global.cause(nil)
    return try await preview(try global.engines(of: gateway, named: firewall)) {
      (engine) async throws(EngineError) in try await engine.previewUnblock(targets, cause: cause)
    }
  }
}

extension SekishoCommand {
  fileprivate func preview(
    _ engines: [FirewallEngine],
    _ body: @escaping @Sendable (FirewallEngine) async throws(EngineError) -> Plan
  ) async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    let results = await FirewallResults(of: engines, body)
    let failed = results.failures.map { console.show($0.error, of: $0.firewall) }
    let plans = results.values
    for plan in plans {
      if console.json {
        try console.object(PlanView(plan, language: console.language))
        continue
      }
      console.show(plan, now: Timestamp.now())
      console.say(
        plan.isEmpty
          ? Phrase(en: "Nothing was changed.", ja: "何も変更していません。")
          : Phrase(
            en: "Nothing was changed. Run exactly this with: sekisho apply \(plan.digest.prefix(12))",
            ja: "何も変更していません。この計画を実行するには: sekisho apply \(plan.digest.prefix(12))"), .dim)
    }
    let refused = plans.contains { !$0.refused.isEmpty }
    return ExitStatus.worst(failed + [refused ? .refused : .done])
  }
}

struct ApplyCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Run exactly the plan with this digest, or refuse because the firewall moved (conflict).")

  @Argument(help: "The plan's digest, or its first 8 digits or more.") var digest: String
  @Option(help: "Why, for the ledger.") var reason: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    for engine in gateway.engines {
      let report: ActionReport?
      do throws(EngineError) {
        report = try await engine.apply(digest: digest.lowercased(), cause: global.cause(reason))
      } catch {
        throw CommandFailure(error)
      }
      if let report { return try global.console.finish([report], now: Timestamp.now()) }
    }
    throw CommandFailure(
      .failed,
      Phrase(
        en: "The plan \(digest) is for a firewall that \(global.config) does not name.",
        ja: "変更計画 \(digest) の対象ファイアウォールは \(global.config) に登録されていません。"))
  }
}

struct BlockCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "block", abstract: "Block targets, and read the blocks back from the firewall.")

  @Argument(help: "Addresses, prefixes or domain names.") var targets: [BlockTarget]
  @Option(name: .customLong("for"), help: "How long, for example 1h. Default: the policy's.") var duration:
    TimeToLive?
  @Option(help: "Why, for the ledger.") var reason: String?
  @Option(help: "Only this firewall.") var firewall: String?
  @Flag(help: "Do not ask, also on a terminal.") var yes = false
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let cause = global.cause(reason)
    let orders = targets.map { BlockOrder(target: $0, timeToLive: duration?.duration) }
    let engines = try global.engines(toBlockOn: gateway, named: firewall)
    guard Self.asks(yes: yes, json: global.json) else {
      let results = await FirewallResults(of: engines) { (engine) async throws(EngineError) in
        try await engine.block(orders, cause: cause)
      }
      return try global.console.finish(results, now: Timestamp.now())
    }
    return try await confirmed(engines, cause) { (engine) async throws(EngineError) in
      try await engine.previewBlock(orders, cause: cause)
    }
  }

  /// Whether somebody is there to be asked.
  static func asks(yes: Bool, json: Bool) -> Bool {
    !yes && !json && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
  }
}

struct UnblockCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "unblock", abstract: "End blocks, and read back that they are gone.")

  @Argument(help: "Addresses, prefixes or domain names, exactly as they were blocked.") var targets:
    [BlockTarget]
  @Option(help: "Why, for the ledger.") var reason: String?
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let cause = global.cause(reason)
    let results = await FirewallResults(of: try global.engines(of: gateway, named: firewall)) {
      (engine) async throws(EngineError) in try await engine.unblock(targets, cause: cause)
    }
    return try global.console.finish(results, now: Timestamp.now())
  }
}

extension SekishoCommand {
  /// Shows each plan and applies exactly it when the person says so. In dry run nobody is asked.
  fileprivate func confirmed(
    _ engines: [FirewallEngine], _ cause: Cause,
    _ preview: (FirewallEngine) async throws(EngineError) -> Plan
  ) async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    var statuses: [ExitStatus] = []
    for engine in engines {
      let plan: Plan
      do throws(EngineError) {
        plan = try await preview(engine)
      } catch {
        statuses.append(console.show(error, of: engine.name))
        continue
      }
      guard engine.mode == .enforce, !plan.orders.isEmpty else {
        let report = ActionReport(firewall: engine.name, mode: engine.mode, plan: plan)
        statuses.append(try console.finish([report], now: Timestamp.now()))
        continue
      }
      console.show(plan, now: Timestamp.now())
      print(
        console.text(Phrase(en: "Apply this plan? [y/N] ", ja: "この計画を適用しますか? [y/N] ")),
        terminator: "")
      fflush(nil)
      guard ["y", "yes"].contains(readLine()?.lowercased() ?? "") else {
        console.say(Phrase(en: "Nothing was changed.", ja: "何も変更していません。"), .yellow)
        statuses.append(.failed)
        continue
      }
      let report: ActionReport?
      do throws(EngineError) {
        report = try await engine.apply(digest: plan.digest, cause: cause)
      } catch {
        statuses.append(console.show(error, of: engine.name))
        continue
      }
      statuses.append(try console.finish(report.map { [$0] } ?? [], now: Timestamp.now()))
    }
    return ExitStatus.worst(statuses)
  }
}

struct AllowCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "allow", abstract: "Let targets pass whatever is blocked, or take that back.")

  @Argument(help: "Addresses, prefixes or domain names.") var targets: [BlockTarget]
  @Flag(help: "Take the targets from the allow list.") var remove = false
  @Option(help: "Why, for the ledger.") var reason: String?
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let cause = global.cause(reason)
    let results = await FirewallResults(of: try global.engines(of: gateway, named: firewall)) {
      (engine) async throws(EngineError) in
      try await engine.allow(targets, remove: remove, cause: cause)
    }
    return try global.console.finish(results, now: Timestamp.now())
  }
}

struct RollbackCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Take changes back, and prove it by reading the firewall.",
    discussion: "Name one action, or --all, or --since a time (RFC 3339) or a duration ago (2h).")

  @Argument(help: "The number of the action.") var action: ActionID?
  @Flag(help: "End every block and allow entry, and leave nothing of ours on the firewall.") var all = false
  @Option(help: "Take back everything since then: 2026-11-23T14:00:00Z, or 2h.") var since: String?
  @Option(help: "Why, for the ledger.") var reason: String?
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard [action != nil, all, since != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("Give one of: an action, --all, --since TIME.")
    }
  }

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let cause = global.cause(reason)
    let engines = try global.engines(of: gateway, named: firewall)
    if let action { return try await one(action, gateway, cause) }
    let moment = try since.map { text throws(CommandFailure) in try Self.moment(text) }
    let results = await FirewallResults(of: engines) {
      (engine) async throws(EngineError) -> ActionReport? in
      if let moment { return try await engine.rollback(since: moment, cause: cause) }
      return try await engine.rollbackAll(cause: cause)
    }
    if results.values.allSatisfy({ $0 == nil }), results.failures.isEmpty {
      global.console.say(
        Phrase(en: "There was no change since then to take back.", ja: "その時刻以降に取り消す変更はありません。"))
    }
    return try global.console.finish(results.compacted(), now: Timestamp.now())
  }

  private func one(_ action: ActionID, _ gateway: Gateway, _ cause: Cause) async throws(CommandFailure)
    -> ExitStatus
  {
    let recorded: RecordedAction?
    do throws(JournalError) {
      recorded = try await gateway.ledger.action(action)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    guard let engine = recorded.flatMap({ gateway.engine(named: $0.firewall) }) else {
      throw CommandFailure(
        .failed,
        Phrase(
          en: "There is no action \(action) on a configured firewall. See: sekisho audit",
          ja: "設定済みのファイアウォールに操作 \(action) はありません。一覧: sekisho audit"))
    }
    let report: ActionReport
    do throws(EngineError) {
      report = try await engine.rollback(action, cause: cause)
    } catch {
      throw CommandFailure(error)
    }
    return try global.console.finish([report], now: Timestamp.now())
  }

  private static func moment(_ text: String) throws(CommandFailure) -> Timestamp {
    if let moment = Timestamp(text) { return moment }
    if let ago = Duration(text: text) { return Timestamp.now() - ago }
    throw CommandFailure(
      .usage,
      Phrase(
        en: "“\(text)” is neither a time such as 2026-11-23T14:00:00Z nor a duration such as 2h.",
        ja: "「\(text)」は時刻（例: 2026-11-23T14:00:00Z）でも期間（例: 2h）でもありません。"))
  }
}

struct ReconcileCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Compare the firewall with what is in force, and repair the difference.")

  @Flag(help: "Only show what would be repaired.") var dryRun = false
  @Option(help: "Only this firewall.") var firewall: String?
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let gateway = try global.openGateway()
    let engines = try global.engines(of: gateway, named: firewall)
    let results = await FirewallResults(of: engines) {
      (engine) async throws(EngineError) -> ActionReport? in try await engine.reconcile(dryRun: dryRun)
    }
    if results.values.allSatisfy({ $0 == nil }), results.failures.isEmpty, !global.json {
      global.console.say(
        Phrase(
          en: "Read back: the firewalls hold exactly what is in force.",
          ja: "読み戻しで確認: ファイアウォールの状態は有効な決定と一致しています。"), .green)
    }
    return try global.console.finish(results.compacted(), now: Timestamp.now())
  }
}
