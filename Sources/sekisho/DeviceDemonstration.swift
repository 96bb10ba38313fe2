import Enforcement
import FirewallKit
import FirewallSimulators
import Foundation
import Gateway
import Lab
import Language
import NetworkTypes
import Policy

/// The story with a device instead of this host's own firewall: a simulated one, which is asked over TLS and
/// stands beside the road. So it is not the traffic that shows the block but the device, asked by another
/// way than the adapter's.
struct DeviceDemonstration: Sendable {
  let adapter: String
  let device: LabDevice
  let console: Console

  private static let bad = [LabNetwork.badV4, LabNetwork.badV6]

  func run() async throws(CommandFailure) {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "sekisho-demo-\(getpid())-\(adapter)-device")
    defer { try? FileManager.default.removeItem(at: folder) }
    let server: DeviceServer
    let reach: DeviceReach
    do {
      server = try await DeviceServer(device.device)
      reach = try DeviceReach(server, device, in: folder)
    } catch {
      throw CommandFailure(
        .failed,
        Phrase(en: "The simulator cannot be started: \(error)", ja: "シミュレーターを起動できません: \(error)"))
    }
    let settings = "{ " + reach.settings.joined(separator: ", ") + " }"
    let stage = DemonstrationStage(adapter: adapter, console: console, settings: settings)
    try await stage.play { lab, folder in try await story(stage, server, lab, folder) }
    await server.close()
  }

  private func story(
    _ stage: DemonstrationStage, _ server: DeviceServer, _ lab: Lab, _ folder: URL
  ) async throws {
    let list = try stage.writeList(folder)
    let before = device.held()
    console.say(
      Phrase(
        en: "A simulated device answers at \(server.origin); no packet goes through it. It holds:",
        ja: "シミュレーターが \(server.origin) で応答します（パケットは経由しません）。保持している項目:"), indent: 4, .dim)
    show(before)
    console.line()
    console.say(Phrase(en: "Dry run", ja: "予行（ドライラン）"), .bold)
    try await stage.withGateway(mode: .dryRun, folder, list) { _, events in
      var planned: ActionReport?
      try await stage.check(
        Phrase(
          en: "The terminal resolves \(LabNetwork.badName); the packets are captured and judged",
          ja: "端末が \(LabNetwork.badName) を名前解決し、パケットから検知・判定する")
      ) {
        _ = try await lab.terminal.resolve(LabNetwork.badName)
        planned = await events.wait(blocking: Self.bad)
        return planned != nil
      }
      if let planned {
        stage.showPreview(planned)
        for operation in planned.plan.operations { show(operation) }
      }
      try await stage.check(
        Phrase(
          en: "Nothing changed: the device was asked to change nothing, and holds what it held",
          ja: "変更なし: 機器に変更要求は送られておらず、保持する項目も同じ")
      ) { server.changes == 0 && device.held() == before }
    }
    console.line()
    console.say(Phrase(en: "Enforce", ja: "実施"), .bold)
    try await stage.withGateway(mode: .enforce, folder, list) { gateway, events in
      var blocked: ActionReport?
      try await stage.check(
        Phrase(
          en: "The terminal looks \(LabNetwork.badName) up: blocked without asking, and read back",
          ja: "端末が \(LabNetwork.badName) を名前解決: 自動で遮断し、読み戻しで確認")
      ) {
        _ = try await lab.terminal.resolve(LabNetwork.badName)
        blocked = await events.wait(blocking: Self.bad)
        return blocked?.receipt?.outcome == .applied
      }
      if let blocked { stage.showReceipt(blocked, latency: events.latency(of: blocked)) }
      try await stage.check(
        Phrase(
          en: "The device holds both addresses, and still what others put there",
          ja: "機器は両方のアドレスを保持し、第三者の項目もそのまま")
      ) {
        let held = device.held()
        return Self.bad.allSatisfy { address in held.contains { $0.contains(address.description) } }
          && Set(before).isSubset(of: held)
      }
      show(device.held())
      let status = try await gateway.engines[0].status()
      try await stage.check(
        Phrase(
          en:
            "Read back: \(status.blocks.count { $0.readBack }) blocks on the firewall, none missing, none too many",
          ja: "読み戻し: 実機の遮断 \(status.blocks.count { $0.readBack }) 件、過不足なし")
      ) { status.health == .good && status.blocks.count == Self.bad.count }
      try await stage.rollBack(gateway, events)
    }
    try await stage.check(
      Phrase(en: "The device holds exactly what it held before", ja: "機器が保持する項目は開始前と完全に一致")
    ) { device.held() == before }
    try await stage.check(
      Phrase(
        en: "Every request was one that the vendor's interface has", ja: "すべての要求がベンダーの API の範囲内")
    ) { device.device.violations.isEmpty }
    try await stage.checkAuditLog(folder)
  }

  private func show(_ held: [String]) {
    for entry in held { console.line("      " + entry) }
  }

  /// The request as it would be sent, within the columns of a terminal.
  private func show(_ operation: FirewallKit.Operation) {
    for line in operation.readable.split(separator: "\n", omittingEmptySubsequences: false).prefix(24) {
      for part in Console.wrap(String(line), indent: 0, columns: 70) { console.line("        " + part) }
    }
  }
}
