import FirewallKit
import Language
import NetworkTypes

extension Conformance {
  static let full: [String: Int64] = [
    "192.0.2.1": 3600, "192.0.2.255": 60, "198.51.100.0/25": 7200, "203.0.113.128/26": 86_400,
    "2001:db8::1": 3600, "2001:db8:1::/48": 600, "2001:db8:2:3::/64": 90_000,
  ]
  static let other: [String: Int64] = [
    "192.0.2.1": 9000, "192.0.2.7": 3600, "198.51.100.128/25": 7200, "203.0.113.128/26": 86_400,
    "2001:db8::2": 3600, "2001:db8:1::/48": 5000,
  ]

  /// About readings and plans, before anything else is trusted.
  static let readingLaws: [ConformanceLaw] = [
    ConformanceLaw(
      "reading-repeats",
      Phrase(en: "Reading twice gives the same state.", ja: "2 回読み戻しても同じ状態になる。")
    ) { trial in
      let goal = trial.state(blocking: full, allowing: ["192.0.2.64/30"])
      try await trial.lead(to: goal)
      let first = try await trial.state()
      let second = try await trial.state()
      try trial.expectHolds(first, goal)
      try trial.expectHolds(second, first)
      try trial.expectHolds(first, second)
    },
    ConformanceLaw(
      "scoped-reading",
      Phrase(
        en: "Reading some targets gives what reading everything gives for them.",
        ja: "一部の対象を読み戻した結果は、全体を読み戻した結果の該当部分と一致する。")
    ) { trial in
      try await trial.lead(to: trial.state(blocking: full, allowing: ["192.0.2.64/30"]))
      let asked = Set(
        [
          "192.0.2.1", "192.0.2.2", "198.51.100.0/25", "198.51.100.0/26", "198.51.100.3", "2001:db8::1",
          "2001:db8:1::/48",
        ]
        .map(trial.target))
      let part = try await trial.state(.targets(asked))
      let whole = try await trial.state().restricted(to: .targets(asked))
      try trial.expectHolds(part, whole)
      try trial.expectHolds(whole, part)
    },
    ConformanceLaw(
      "no-change-no-operation",
      Phrase(
        en: "The plan from a state to itself is empty, and equal states give equal bytes.",
        ja: "同じ状態への計画は空になり、同じ状態の組からは同じバイト列が得られる。")
    ) { trial in
      let a = trial.state(blocking: full, allowing: ["192.0.2.64/30"])
      let b = trial.state(blocking: other)
      let empty = FirewallState(readAt: trial.now)
      for state in [a, b, empty] {
        let operations = try await trial.adapter.operations(from: state, to: state)
        try trial.expect(
          operations.isEmpty,
          Phrase(en: "A plan without a change has operations.", ja: "変更のない計画に操作が含まれています。"))
      }
      for (from, to) in [(a, b), (b, a), (empty, a), (a, empty)] {
        let first = try await trial.adapter.operations(from: from, to: to)
        let second = try await trial.subject.makeAdapter().operations(from: from, to: to)
        try trial.expect(
          first == second && !first.isEmpty,
          Phrase(en: "The same states gave different operations.", ja: "同じ状態の組から異なる操作が得られました。"))
      }
    },
    ConformanceLaw(
      "declared-is-measured",
      Phrase(en: "What the manifest declares is what the adapter does.", ja: "宣言された機能と実際の動作が一致する。")
    ) { trial in
      let declared = trial.capabilities
      try trial.expect(
        trial.adapter.manifest.contract == AdapterManifest.contractVersion,
        Phrase(en: "It was built for another contract.", ja: "異なる版の規約に基づいて作られています。"))
      try trial.expect(
        (trial.adapter is any DeviceValidating) == (declared.validation == .device),
        Phrase(en: "Validation is not as declared.", ja: "検証機能が宣言と異なります。"))
      try trial.expect(
        (trial.adapter is any ChangeNotifying) == (declared.driftDetection == .notification),
        Phrase(en: "Change notification is not as declared.", ja: "変更通知が宣言と異なります。"))
      let goal = trial.state(blocking: full)
      try await trial.lead(to: goal)
      let timed = try await trial.state().blocks.values.allSatisfy { $0 != .untimed }
      try trial.expect(
        timed == (declared.expiry == .device),
        Phrase(en: "Timers are not as declared.", ja: "期限の管理が宣言と異なります。"))
      try await trial.clear()
      if declared.prefixes == .overlapping {
        let nested = trial.state(blocking: [
          "198.51.100.0/24": 600, "198.51.100.0/25": 7200, "198.51.100.9": 60,
        ])
        try await trial.lead(to: nested)
        try trial.expectHolds(try await trial.state(), nested)
      }
    },
  ]
}
