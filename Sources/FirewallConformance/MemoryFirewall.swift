public import FirewallKit
import Language
public import NetworkTypes

/// The adapter of a `MemoryDevice`: the smallest complete one, and the example for authors of others.
public struct MemoryFirewall<Model: MemoryModel>: FirewallAdapter {
  public static var manifest: AdapterManifest {
    AdapterManifest(
      name: "memory",
      summary: Phrase(en: "A firewall in this process's memory, for trials.", ja: "試験用の、メモリー上のファイアウォールです。"),
      capabilities: Capabilities(
        kinds: [.address4, .address6, .prefix4, .prefix6], atomicity: Model.atomicity, readBack: .live,
        expiry: Model.hasTimers ? .device : .gateway, validation: .local, prefixes: Model.prefixes,
        driftDetection: .interval, maximumBlocks: Model.capacity))
  }

  public let device: MemoryDevice<Model>
  private let clock: @Sendable () -> Timestamp

  /// The mark that says a table is ours.
  private static var mark: String { "sekisho" }

  public init(device: MemoryDevice<Model>, clock: @escaping @Sendable () -> Timestamp) {
    self.device = device
    self.clock = clock
  }

  public var scaffold: Scaffold { ["table": Self.mark] }

  public func state(in scope: Scope) throws(AdapterError) -> FirewallState {
    let now = clock()
    let listing = device.list()
    guard let table = listing.table else { return FirewallState(readAt: now) }
    guard table == Self.mark else {
      throw AdapterError(
        code: .foreign,
        message: Phrase(
          en: "The device has a table that is not marked as ours.", ja: "デバイスに、本製品の印がない表があります。"))
    }
    return FirewallState(
      readAt: now, scaffold: ["table": table], allowed: listing.allowed,
      blocks: listing.blocks.mapValues { end in
        end.map { DeviceTimer.deadline(remaining: $0 - now, at: now) } ?? .untimed
      }
    ).restricted(to: scope)
  }

  /// One message for a whole plan, or one line each where the device takes entries one by one.
  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    let lines = try lines(from: current, to: goal)
    guard !lines.isEmpty else { return [] }
    return Model.atomicity == .plan
      ? [operation(lines.joined(separator: "\n"))] : lines.map { operation($0) }
  }

  public func perform(_ operation: Operation) throws(AdapterError) {
    guard case .message(let text) = operation.step else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(en: "This device takes messages only.", ja: "このデバイスはメッセージだけを受け付けます。"))
    }
    do throws(MemoryDevice<Model>.Refusal) {
      try device.run(text)
    } catch {
      throw AdapterError(
        code: error.kind == .full ? .capacity : .rejected,
        message: Phrase(en: "The device refused a line.", ja: "デバイスが命令を拒否しました。"), detail: error.line)
    }
  }

  private func lines(from current: FirewallState, to goal: FirewallState) throws(AdapterError) -> [String] {
    var current = current
    var lines: [String] = []
    if current.scaffold != goal.scaffold {
      guard goal.scaffold.isEmpty || goal.scaffold == scaffold else {
        throw AdapterError(
          code: .unsupported,
          message: Phrase(en: "No other scaffold than this can be made.", ja: "これ以外の構成は作成できません。"))
      }
      if !current.scaffold.isEmpty { lines.append("destroy table") }
      if goal.scaffold.isEmpty { return lines }
      lines.append("create table \(Self.mark)")
      current = FirewallState(readAt: current.readAt)
    }
    for prefix in current.allowed.subtracting(goal.allowed).sorted() { lines.append("disallow \(prefix)") }
    for prefix in goal.allowed.subtracting(current.allowed).sorted() { lines.append("allow \(prefix)") }
    // Deletions first: what comes may overlap what goes.
    for target in current.blocks.keys.filter({ goal.blocks[$0] == nil }).sorted() {
      lines.append("delete \(target)")
    }
    for (target, deadline) in goal.blocks.sorted(by: { $0.key < $1.key })
    where current.blocks[target] != deadline {
      let seconds = deadline == .untimed ? 0 : DeviceTimer.seconds(until: deadline, from: current.readAt)
      lines.append("add \(target) \(seconds)")
    }
    return lines
  }

  private func operation(_ text: String) -> Operation {
    Operation(
      summary: Phrase(
        en: "Run \(text.split(separator: "\n").count) lines.",
        ja: "\(text.split(separator: "\n").count) 行を実行します。"),
      step: .message(text))
  }
}
