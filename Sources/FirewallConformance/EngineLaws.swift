import Enforcement
import FirewallKit
import Language
import NetworkTypes

extension Conformance {
  /// About requests through the engine on a device that does what it says.
  static let engineLaws: [ConformanceLaw] = [
    ConformanceLaw(
      "every-kind",
      Phrase(
        en: "Every declared kind of target is blocked and read back; every other is refused in the plan.",
        ja: "宣言された種類の対象はすべて遮断して読み戻せ、それ以外は計画の段階で拒否される。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      let examples: [TargetKind: String] = [
        .address4: "192.0.2.1", .address6: "2001:db8::1", .prefix4: "198.51.100.0/25",
        .prefix6: "2001:db8:1::/48", .name: "bad.example.org",
      ]
      for kind in TargetKind.allCases {
        guard let text = examples[kind] else { continue }
        let target = trial.target(text)
        let report = try await engine.block([BlockOrder(target: target)], cause: Trial.cause)
        if trial.capabilities.kinds.contains(kind) {
          try trial.expectApplied(report)
          try trial.expect(
            try await trial.state().blocks[target] != nil,
            Phrase(en: "\(text) was applied and is not there.", ja: "\(text) は適用済みのはずですが存在しません。"))
        } else {
          try trial.expect(
            report.action == nil && report.plan.refused.map(\.rule) == ["capability"],
            Phrase(en: "\(text) was not refused.", ja: "\(text) が拒否されませんでした。"))
        }
      }
    },
    ConformanceLaw(
      "mapped-address",
      Phrase(
        en: "An IPv4-mapped IPv6 address is the IPv4 address.", ja: "IPv4 射影アドレスは、その IPv4 アドレスとして扱われる。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      try trial.expectApplied(try await engine.block(trial.orders(["::ffff:192.0.2.9"]), cause: Trial.cause))
      try trial.expect(
        try await trial.state().blocks[trial.target("192.0.2.9")] != nil,
        Phrase(en: "192.0.2.9 is not blocked.", ja: "192.0.2.9 が遮断されていません。"))
    },
    ConformanceLaw(
      "overlapping-blocks",
      Phrase(
        en:
          "Each address is blocked as long as the longest block that covers it, also after one of them ends.",
        ja: "各アドレスは、それを含む遮断のうち最も遅い期限まで遮断され、一方を解除しても他方は残る。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      var wanted: [BlockTarget: Timestamp] = [:]
      let steps: [(String, Int64)] = [
        ("198.51.100.0/24", 3600), ("198.51.100.0/26", 7200), ("198.51.100.128/25", 600),
        ("198.51.100.16/28", 9000), ("198.51.100.17", 60), ("198.51.100.18", 20_000),
        ("2001:db8:1::/48", 3600), ("2001:db8:1:8000::/49", 7200), ("2001:db8::/44", 1800),
        ("2001:db8:1::1", 60), ("2001:db8:1::2", 20_000),
      ]
      for (text, seconds) in steps {
        let target = trial.target(text)
        guard trial.capabilities.kinds.contains(target.kind) else { continue }
        wanted[target] = trial.later(seconds)
        try trial.expectApplied(
          try await engine.block(
            [BlockOrder(target: target, timeToLive: .seconds(seconds))], cause: Trial.cause))
        try trial.expectSameReach(try await trial.state(), wanted)
      }
      for text in ["198.51.100.0/26", "198.51.100.0/24", "2001:db8:1::/48", "198.51.100.17", "2001:db8::/44"]
      {
        let target = trial.target(text)
        guard wanted.removeValue(forKey: target) != nil else { continue }
        try trial.expectApplied(try await engine.unblock([target], cause: Trial.cause))
        try trial.expectSameReach(try await trial.state(), wanted)
      }
    },
    ConformanceLaw(
      "same-target-twice",
      Phrase(
        en: "A target is blocked until the last of its decisions ends; repeating one changes nothing.",
        ja: "同じ対象への決定が複数あれば、最後の決定が終わるまで遮断される。同じ依頼を繰り返しても変化しない。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      let target = trial.target("192.0.2.1")
      let first = trial.later(3600)
      try trial.expectApplied(try await engine.block(trial.orders(["192.0.2.1"]), cause: Trial.cause))
      let repeated = try await engine.block(trial.orders(["192.0.2.1"]), cause: Trial.cause)
      try trial.expectApplied(repeated)
      try trial.expect(
        repeated.plan.isEmpty, Phrase(en: "Repeating it sends operations.", ja: "繰り返しの依頼で操作が送られます。"))
      try trial.expectApplied(
        try await engine.block(trial.orders(["192.0.2.1"], seconds: 60), cause: Trial.cause))
      try trial.expectSameReach(try await trial.state(), [target: first])
      let longer = try await engine.block(trial.orders(["192.0.2.1"], seconds: 9000), cause: Trial.cause)
      try trial.expectSameReach(try await trial.state(), [target: trial.later(9000)])
      _ = try await engine.rollback(longer.action ?? 0, cause: Trial.cause)
      try trial.expectSameReach(try await trial.state(), [target: first])
    },
    ConformanceLaw(
      "expiry",
      Phrase(
        en: "A block ends with its deadline, and what lasts longer stays.", ja: "遮断は期限で終わり、期限の遅いものは残る。")
    ) { trial in
      let journal = MemoryJournal()
      let engine = trial.engine(journal: journal)
      let short = trial.orders(["192.0.2.1", "198.51.100.0/25", "2001:db8::1"], seconds: 2)
      let long = trial.orders(["192.0.2.2", "198.51.100.0/26"])
      var wanted: [BlockTarget: Timestamp] = [:]
      for order in long { wanted[order.target] = trial.later(3600) }
      try trial.expectApplied(try await engine.block(short, cause: Trial.cause))
      try trial.expectApplied(try await engine.block(long, cause: Trial.cause))
      while let next = await engine.nextDeadline(), next < trial.later(60) {
        await trial.subject.wait(max(.milliseconds(10), next - trial.now))
        if let report = try await engine.expire() { try trial.expectApplied(report) }
      }
      try trial.expectSameReach(try await trial.state(), wanted)
      try trial.expect(
        try await trial.state().blocks[trial.target("192.0.2.1")] == nil,
        Phrase(en: "An expired block is still there.", ja: "期限切れの遮断が残っています。"))
    },
    ConformanceLaw(
      "rollback",
      Phrase(
        en: "Taking an action back restores what was read before it.", ja: "操作を取り消すと、その前に読み取った状態に戻る。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      try trial.expectApplied(
        try await engine.block(
          trial.orders(["192.0.2.1", "198.51.100.0/24", "2001:db8::1"]), cause: Trial.cause))
      let snapshot = try await trial.state()
      let reports = [
        try await engine.block(
          trial.orders(["192.0.2.2", "198.51.100.0/25", "2001:db8:1::/48"], seconds: 9000), cause: Trial.cause
        ),
        try await engine.unblock([trial.target("192.0.2.1")], cause: Trial.cause),
        try await engine.allow([trial.target("192.0.2.64/30")], remove: false, cause: Trial.cause),
      ]
      for report in reports.reversed() {
        try trial.expectApplied(report)
        try trial.expectApplied(try await engine.rollback(report.action ?? 0, cause: Trial.cause))
      }
      try trial.expectHolds(try await trial.state(), snapshot)
      try trial.expectApplied(try await engine.rollbackAll(cause: Trial.cause))
      try trial.expect(
        try await trial.state().isEmpty,
        Phrase(
          en: "Something of ours is left after everything was taken back.", ja: "すべて取り消した後も本製品のエントリーが残っています。")
      )
    },
    ConformanceLaw(
      "last-one-out",
      Phrase(
        en: "When the last block ends, nothing of ours is left.", ja: "最後の遮断が終わると、本製品のものは何も残らない。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      try trial.expectApplied(try await engine.block(trial.orders(["192.0.2.1"]), cause: Trial.cause))
      try trial.expectApplied(try await engine.unblock([trial.target("192.0.2.1")], cause: Trial.cause))
      try trial.expect(
        try await trial.state().isEmpty, Phrase(en: "Something of ours is left.", ja: "本製品のエントリーが残っています。"))
    },
    ConformanceLaw(
      "preview-writes-nothing",
      Phrase(
        en: "A preview and a dry run send nothing, and the plan shown is the plan run.",
        ja: "プレビューと予行では何も送信されず、表示された計画がそのまま実行される。")
    ) { trial in
      let journal = MemoryJournal()
      let engine = trial.engine(journal: journal)
      try trial.expectApplied(try await engine.block(trial.orders(["192.0.2.1"]), cause: Trial.cause))
      let before = try await trial.state()
      let writes = try await trial.subject.writes?()
      let plan = try await engine.previewBlock(
        trial.orders(["192.0.2.2", "198.51.100.0/25"]), cause: Trial.cause)
      _ = try await engine.previewUnblock([trial.target("192.0.2.1")], cause: Trial.cause)
      let dry = trial.engine(journal: journal, dryRun: true)
      _ = try await dry.block(trial.orders(["192.0.2.3"]), cause: Trial.cause)
      try trial.expectHolds(try await trial.state(), before)
      try trial.expectHolds(before, try await trial.state())
      try trial.expect(
        try await trial.subject.writes?() == writes,
        Phrase(en: "The device counted a write.", ja: "デバイスに書き込みが記録されました。"))
      guard let report = try await engine.apply(digest: plan.digest, cause: Trial.cause) else {
        throw Breach(because: Phrase(en: "The kept plan was not found.", ja: "保存した計画が見つかりません。"))
      }
      try trial.expectApplied(report)
      try trial.expect(
        report.plan.operations == plan.operations,
        Phrase(en: "Other operations ran than were shown.", ja: "表示したものと異なる操作が実行されました。"))
    },
    ConformanceLaw(
      "edited-meanwhile",
      Phrase(
        en: "A plan whose ground somebody changed is a conflict, and nothing is changed.",
        ja: "計画の前提がほかで変更されていれば競合となり、何も変更されない。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      try trial.expectApplied(try await engine.block(trial.orders(["192.0.2.1"]), cause: Trial.cause))
      let plan = try await engine.previewBlock(trial.orders(["192.0.2.1"], seconds: 9000), cause: Trial.cause)
      try await trial.lead(to: trial.state(blocking: ["192.0.2.2": 600]))
      let edited = try await trial.state()
      let isConflict: Bool
      do throws(EngineError) {
        _ = try await engine.apply(digest: plan.digest, cause: Trial.cause)
        isConflict = false
      } catch {
        isConflict = error.code == .conflict
      }
      try trial.expect(isConflict, Phrase(en: "No conflict was found.", ja: "競合が検出されませんでした。"))
      try trial.expectHolds(edited, try await trial.state())
      try trial.expectHolds(try await trial.state(), edited)
    },
    ConformanceLaw(
      "lost-device",
      Phrase(
        en: "When everything of ours is gone, reconciliation brings back exactly what is in force.",
        ja: "本製品のエントリーがすべて失われても、照合によって有効な決定どおりに復元される。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      try trial.expectApplied(
        try await engine.block(
          trial.orders(["192.0.2.1", "192.0.2.2", "198.51.100.0/24", "198.51.100.0/25", "2001:db8::1"]),
          cause: Trial.cause))
      try trial.expectApplied(
        try await engine.allow([trial.target("192.0.2.64/30")], remove: false, cause: Trial.cause))
      try trial.expectApplied(try await engine.unblock([trial.target("192.0.2.2")], cause: Trial.cause))
      let before = try await trial.state()
      if let lose = trial.subject.lose { try await lose() } else { try await trial.clear() }
      guard let report = try await engine.reconcile() else {
        throw Breach(because: Phrase(en: "The loss was not noticed.", ja: "消失が検出されませんでした。"))
      }
      try trial.expectApplied(report)
      try trial.expectHolds(try await trial.state(), before)
      try trial.expectHolds(before, try await trial.state())
      try trial.expect(
        try await engine.reconcile() == nil,
        Phrase(en: "Reconciliation does not come to rest.", ja: "照合が収束しません。"))
    },
    ConformanceLaw(
      "capacity",
      Phrase(en: "A block beyond the capacity is refused in the plan.", ja: "上限を超える遮断は計画の段階で拒否される。")
    ) { trial in
      guard let limit = trial.capabilities.maximumBlocks else {
        throw NotApplicable(because: Phrase(en: "No limit is declared.", ja: "上限は宣言されていません。"))
      }
      guard limit <= 4096 else {
        throw NotApplicable(
          because: Phrase(en: "\(limit) blocks are too many for a trial.", ja: "\(limit) 件は試験には多すぎます。"))
      }
      let engine = trial.engine(journal: MemoryJournal())
      let base: UInt64 = 0x2001_0db8_00aa_0000
      var orders = (0..<limit).map {
        BlockOrder(target: .prefix(IPPrefix(IPAddress(high: base, low: UInt64($0) + 1))))
      }
      if !trial.capabilities.kinds.contains(.address6) {
        orders = (0..<limit).map {
          BlockOrder(target: .prefix(IPPrefix(IPAddress(ipv4: 0xC633_6400 + UInt32($0)))))
        }
      }
      for start in stride(from: 0, to: limit, by: 1000) {
        try trial.expectApplied(
          try await engine.block(Array(orders[start..<min(limit, start + 1000)]), cause: Trial.cause))
      }
      try trial.expect(
        try await trial.state().blocks.count == limit,
        Phrase(en: "The device holds fewer than it declares.", ja: "デバイスが宣言した件数を保持していません。"))
      let over = try await engine.block(trial.orders(["192.0.2.1"]), cause: Trial.cause)
      try trial.expect(
        over.action == nil && over.plan.refused.map(\.rule) == ["capacity"],
        Phrase(en: "A block over the limit was not refused.", ja: "上限を超える遮断が拒否されませんでした。"))
    },
    ConformanceLaw(
      "protected-networks",
      Phrase(en: "Protected networks are refused, always.", ja: "保護対象ネットワークは常に拒否される。")
    ) { trial in
      let engine = trial.engine(journal: MemoryJournal())
      let writes = try await trial.subject.writes?()
      let report = try await engine.block(
        trial.orders([
          "127.0.0.1", "::1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "fe80::1", "ff02::1",
          "126.0.0.0/7",
        ]),
        cause: Trial.cause)
      try trial.expect(
        report.action == nil && report.plan.orders.isEmpty,
        Phrase(en: "A protected network was accepted.", ja: "保護対象ネットワークが受け付けられました。"))
      let isEmpty = try await trial.state().isEmpty
      try trial.expect(
        try await trial.subject.writes?() == writes && isEmpty,
        Phrase(en: "The device was changed.", ja: "デバイスが変更されました。"))
    },
  ]
}
