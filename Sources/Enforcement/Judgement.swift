import FirewallKit
import Language
import NetworkTypes
import Policy

extension FirewallEngine {
  struct Judged {
    var orders: [Order] = []
    var refused: [Refusal] = []
    var warnings: [Phrase] = []
  }

  /// Which orders policy, the host's own safety and the firewall's abilities permit, and until when.
  func judge(_ orders: [BlockOrder], cause: Cause, at now: Timestamp) -> Judged {
    recentBlocks.removeAll { $0 < now - .seconds(3600) }
    let minuteAgo = now - .seconds(60)
    var context = PolicyContext(
      now: now, blocksInForce: intended.count,
      newBlocksLastMinute: recentBlocks.lazy.filter { $0 >= minuteAgo }.count,
      newBlocksLastHour: recentBlocks.count, protected: ProtectedNetworkList(protectedNetworks()),
      allowed: AllowList(intended.allowed))
    let capabilities = manifest.capabilities
    let longest = capabilities.maximumTimeToLiveSeconds.map { Duration.seconds($0) - DeviceTimer.margin }
    let orders = longestOfEach(orders)
    var judged = Judged()
    judged.orders.reserveCapacity(orders.count)
    for order in orders {
      if let refusal = refusalByName(order, cause: cause, context) {
        judged.refused.append(refusal)
        continue
      }
      let extends = intended.holds(order.target)
      let total = extends ? nil : intended.count + context.blocksInChange
      if let refusal = refusalByCapability(order.target, total: total, capabilities) {
        judged.refused.append(refusal)
        continue
      }
      let request = BlockRequest(
        target: order.target, timeToLive: order.timeToLive,
        origin: cause.origin == .detector ? .detector(confidence: order.confidence ?? 0) : .person,
        extendsBlock: extends)
      guard var granted = grant(request, in: context, to: &judged) else { continue }
      if let longest, granted > longest {
        granted = longest
        judged.warnings.append(
          Phrase(
            en:
              "\(order.target): the time to live is cut to \(longest.components.seconds) s, the longest that \(name) can hold.",
            ja: "\(order.target): 有効期間は \(name) が保持できる最長の \(longest.components.seconds) 秒に短縮されます。"))
      }
      judged.orders.append(
        Order(verb: .block, target: order.target, deadline: now + granted, verdict: order.verdict))
      if !extends { context.blocksInChange += 1 }
    }
    return judged
  }

  /// How long the policy lets the block last; `nil` when it refuses, which is then noted.
  private func grant(
    _ request: BlockRequest, in context: PolicyContext, to judged: inout Judged
  ) -> Duration? {
    if let granted = policy.plainPermission(for: request, in: context) { return granted }
    let evaluation = policy.evaluate(request, in: context)
    guard let granted = evaluation.timeToLive else {
      let first = evaluation.firstRefusal
      judged.refused.append(
        Refusal(
          target: request.target, rule: first?.rule ?? "policy",
          reason: first?.answer.phrase ?? Phrase(en: "The policy refuses.", ja: "ポリシーにより拒否されました。")))
      return nil
    }
    for note in evaluation.notes where !judged.warnings.contains(note) { judged.warnings.append(note) }
    return granted
  }

  /// The orders in their order, of several on one target the one that lasts longest.
  private func longestOfEach(_ orders: [BlockOrder]) -> [BlockOrder] {
    let inOrder = orders.places(inOrderOf: \.target)
    let repeats = zip(inOrder, inOrder.dropFirst()).contains { orders[$0].target == orders[$1].target }
    guard repeats else { return orders }
    var result: [BlockOrder] = []
    var places: [BlockTarget: Int] = [:]
    result.reserveCapacity(orders.count)
    places.reserveCapacity(orders.count)
    for order in orders {
      guard let place = places[order.target] else {
        places[order.target] = result.count
        result.append(order)
        continue
      }
      if order.timeToLive ?? policy.timeToLive > result[place].timeToLive ?? policy.timeToLive {
        result[place] = order
      }
    }
    return result
  }

  /// Refused because of the name that led to the address: the rules on allowed and protected names hold
  /// for what it resolves to.
  private func refusalByName(_ order: BlockOrder, cause: Cause, _ context: PolicyContext) -> Refusal? {
    guard let name = order.name, case .prefix = order.target else { return nil }
    let request = BlockRequest(
      target: .name(name),
      origin: cause.origin == .detector ? .detector(confidence: order.confidence ?? 0) : .person,
      extendsBlock: true)
    guard let refusal = policy.evaluate(request, in: context).firstRefusal,
      ["allow-list", "protected-names"].contains(refusal.rule), let reason = refusal.answer.phrase
    else { return nil }
    return Refusal(target: order.target, rule: refusal.rule, reason: reason)
  }

  /// `total` counts the blocks before this one; `nil` when it adds none.
  private func refusalByCapability(
    _ target: BlockTarget, total: Int?, _ capabilities: Capabilities
  ) -> Refusal? {
    if !capabilities.kinds.contains(target.kind) {
      return Refusal(
        target: target, rule: "capability",
        reason: Phrase(
          en:
            "The \(manifest.name) adapter cannot block \(Self.noun(target.kind).en); \(name) takes \(capabilities.kinds.sorted().map { Self.noun($0).en }.joined(separator: ", ")).",
          ja:
            "\(manifest.name) アダプターは\(Self.noun(target.kind).ja)を遮断できません。\(name) で指定できるのは、\(capabilities.kinds.sorted().map { Self.noun($0).ja }.joined(separator: "、"))です。"
        ))
    }
    if let limit = capabilities.maximumBlocks, let total, total >= limit {
      return Refusal(
        target: target, rule: "capacity",
        reason: Phrase(
          en:
            "\(name) holds at most \(limit) blocks and is full; a block over that would be dropped in silence.",
          ja: "\(name) の上限 \(limit) 件に達しています。これ以上は通知なく破棄されるため受け付けません。"))
    }
    return nil
  }

  private static func noun(_ kind: TargetKind) -> Phrase {
    switch kind {
    case .address4: Phrase(en: "IPv4 addresses", ja: "IPv4 アドレス")
    case .address6: Phrase(en: "IPv6 addresses", ja: "IPv6 アドレス")
    case .prefix4: Phrase(en: "IPv4 prefixes", ja: "IPv4 プレフィックス")
    case .prefix6: Phrase(en: "IPv6 prefixes", ja: "IPv6 プレフィックス")
    case .name: Phrase(en: "names", ja: "ドメイン名")
    }
  }

  /// A kept plan is judged again before it runs: what is protected may have changed since.
  func checkStillPermitted(_ plan: Plan, cause: Cause, at now: Timestamp) throws(EngineError) {
    guard mode == .enforce else {
      throw EngineError(
        code: .refused,
        message: Phrase(
          en:
            "\(name) is in dry run: nothing is sent to it. Set mode: enforce in the configuration and the policy to apply plans.",
          ja: "\(name) は予行（ドライラン）中のため、何も送信しません。適用するには、設定とポリシーの両方で mode: enforce にしてください。"))
    }
    let protected = ProtectedNetworkList(protectedNetworks())
    for order in plan.orders where order.verb == .block {
      if let prefix = order.target.prefix, let network = protected.mostTelling(about: prefix) {
        throw EngineError(
          code: .refused,
          message: Phrase(
            en:
              "\(prefix) is protected now: \(network.prefix) is \(network.because.en). Nothing was changed.",
            ja: "\(prefix) は保護対象です: \(network.prefix) は\(network.because.ja)です。何も変更していません。"))
      }
    }
  }
}
