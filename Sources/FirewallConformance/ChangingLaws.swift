import FirewallKit
import Language
import NetworkTypes

extension Conformance {
  /// About operations, without the engine.
  static let changingLaws: [ConformanceLaw] = [
    ConformanceLaw(
      "there-and-back",
      Phrase(
        en: "From a state to another and back, each is read back as asked for.",
        ja: "別の状態へ変更して元に戻したとき、いずれも求めたとおりに読み戻される。")
    ) { trial in
      let a = trial.state(blocking: full, allowing: ["192.0.2.64/30", "2001:db8::53"])
      let b = trial.state(blocking: other, allowing: ["2001:db8::53", "203.0.113.1"])
      for goal in [a, b, a, FirewallState(readAt: trial.now), b] {
        try await trial.lead(to: goal)
        try trial.expectHolds(try await trial.state(), goal)
        let again = try await trial.adapter.operations(from: trial.state(), to: trial.state())
        try trial.expect(
          again.isEmpty,
          Phrase(en: "What was reached asks for more operations.", ja: "到達した状態からさらに操作が生じます。"))
      }
    },
    ConformanceLaw(
      "operation-twice",
      Phrase(
        en: "Performing an operation again changes nothing, or is refused without a change.",
        ja: "同じ操作を再度実行しても変化しないか、変化なしで拒否される。")
    ) { trial in
      let goals = [
        trial.state(blocking: full, allowing: ["192.0.2.64/30"]), trial.state(blocking: other),
        FirewallState(readAt: trial.now),
      ]
      for goal in goals {
        for operation in try await trial.adapter.operations(from: trial.state(), to: goal) {
          try await trial.adapter.perform(operation)
          let once = try await trial.state()
          try? await trial.adapter.perform(operation)
          let twice = try await trial.state()
          try trial.expectHolds(twice, once)
          try trial.expectHolds(once, twice)
        }
      }
    },
    ConformanceLaw(
      "refused-whole",
      Phrase(
        en: "An operation that is refused leaves nothing half done, where operations are atomic.",
        ja: "操作が不可分な場合、拒否された操作は何も変更しない。")
    ) { trial in
      guard trial.capabilities.atomicity != .entry else {
        throw NotApplicable(
          because: Phrase(en: "Entries take effect one by one.", ja: "エントリーは 1 件ずつ反映されます。"))
      }
      let both = trial.state(blocking: ["192.0.2.1": 3600, "192.0.2.2": 3600, "192.0.2.3": 3600])
      let none = trial.state(blocking: [:], allowing: ["192.0.2.64/30"])
      try await trial.lead(to: both)
      let operations = try await trial.adapter.operations(from: trial.state(), to: none)
      try await trial.lead(to: trial.state(blocking: ["192.0.2.1": 3600, "192.0.2.3": 3600]))
      for operation in operations {
        let before = try await trial.state()
        do {
          try await trial.adapter.perform(operation)
        } catch {
          try trial.expectHolds(try await trial.state(), before)
          try trial.expectHolds(before, try await trial.state())
        }
      }
    },
    ConformanceLaw(
      "overlap-by-adapter",
      Phrase(
        en: "Prefixes that replace prefixes they overlap take effect in one plan.",
        ja: "重なるプレフィックスへの置き換えが 1 つの計画で反映される。")
    ) { trial in
      for blocks: [String: Int64] in [
        ["198.51.100.0/24": 3600, "2001:db8:1::/48": 600],
        ["198.51.100.0/25": 3600, "198.51.100.128/25": 7200, "2001:db8:1::/49": 600],
        ["198.51.100.0/24": 60, "2001:db8:1::/48": 600],
        ["198.51.100.0/26": 60, "198.51.100.64/26": 90, "2001:db8::/47": 600],
      ] {
        let goal = trial.state(blocking: blocks)
        try await trial.lead(to: goal)
        try trial.expectHolds(try await trial.state(), goal)
      }
    },
    ConformanceLaw(
      "checked-then-run",
      Phrase(
        en: "The device's check changes nothing, and what passed it runs.",
        ja: "デバイスによる検証では何も変更されず、検証を通った操作は実行できる。")
    ) { trial in
      guard let validating = trial.adapter as? any DeviceValidating else {
        throw NotApplicable(
          because: Phrase(en: "The device cannot check a plan.", ja: "デバイスに検証の機能がありません。"))
      }
      for goal in [
        trial.state(blocking: full, allowing: ["192.0.2.64/30"]), trial.state(blocking: other),
        FirewallState(readAt: trial.now), trial.state(blocking: full),
      ] {
        let before = try await trial.state()
        let operations = try await validating.operations(from: before, to: goal)
        try await validating.validate(operations)
        try trial.expectHolds(try await trial.state(), before)
        try trial.expectHolds(before, try await trial.state())
        for operation in operations { try await validating.perform(operation) }
        try trial.expectHolds(try await trial.state(), goal)
      }
    },
    ConformanceLaw(
      "long-deadline",
      Phrase(en: "The longest declared time to live is held.", ja: "宣言された最長の有効期間を保持できる。")
    ) { trial in
      let longest =
        trial.capabilities.maximumTimeToLiveSeconds.map { min($0 - 60, 300 * 86_400) } ?? 300 * 86_400
      let goal = trial.state(blocking: [
        "192.0.2.1": longest, "198.51.100.0/25": longest, "2001:db8::1": longest,
      ])
      try await trial.lead(to: goal)
      try trial.expectHolds(try await trial.state(), goal)
    },
  ]
}
