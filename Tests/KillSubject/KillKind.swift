import Enforcement
import FirewallKit
import Foundation
import NetworkTypes

/// A kind of change that a kill is placed in: what was before it, the change itself, and which targets
/// are blocked on either side of it.
enum KillKind: String, CaseIterable, Sendable {
  case firstBlock, secondBlock, unblock, extend, overlap, unblockOverlap, allow, disallow
  case rollback, rollbackOfUnblock, rollbackAll, expire, reconcile

  /// What is blocked before most of them.
  static let base = targets("198.51.100.1", "2001:db8::1", "203.0.113.0/25")
  private static let added = targets("198.51.100.2", "2001:db8::2")
  private static let short = targets("198.51.100.9", "203.0.113.192/26")
  private static let covering = targets("203.0.113.0/24")
  static let hour: Duration = .seconds(3600)

  static func targets(_ texts: String...) -> [BlockTarget] {
    texts.map { text in
      guard let target = BlockTarget(text) else { preconditionFailure("\(text) is no target") }
      return target
    }
  }

  /// Decisions in force on both sides of the change.
  var decidedBefore: Set<BlockTarget> {
    switch self {
    case .firstBlock: []
    case .rollback: Set(Self.base + Self.added)
    case .expire: Set(Self.base + Self.short)
    case .unblockOverlap: Set(Self.base + Self.covering)
    case .rollbackOfUnblock: Set(Self.base[1...])
    default: Set(Self.base)
    }
  }

  var decidedAfter: Set<BlockTarget> {
    switch self {
    case .firstBlock: Set(Self.added)
    case .secondBlock: Set(Self.base + Self.added)
    case .unblock: Set(Self.base[1...])
    case .overlap: Set(Self.base + Self.covering)
    case .rollbackAll: []
    default: Set(Self.base)
    }
  }

  var allowedBefore: Set<BlockTarget> { self == .disallow || self == .rollbackAll ? [Self.base[0]] : [] }
  var allowedAfter: Set<BlockTarget> { self == .allow ? [Self.base[0]] : [] }

  /// What the change is recorded as.
  var recordedAs: ActionKind {
    switch self {
    case .firstBlock, .secondBlock, .extend, .overlap: .block
    case .unblock, .unblockOverlap: .unblock
    case .allow: .allow
    case .disallow: .disallow
    case .rollback, .rollbackOfUnblock, .rollbackAll: .rollback
    case .expire: .expire
    case .reconcile: .reconcile
    }
  }

  /// Whether the service does it by itself, so that it is also made up for when nothing was recorded.
  var isMadeByTheService: Bool { self == .expire || self == .reconcile }

  /// Brings about what was before the change. `engine` makes an engine whose clock is off by a time.
  func prepare(_ engine: (Duration) -> FirewallEngine) async throws {
    if self == .expire {
      // Decided an hour ago for a moment less than an hour: the deadline has just passed.
      let early = engine(.zero - Self.hour)
      _ = try await early.block(orders(Self.short, Self.hour - .seconds(1)), cause: Self.cause)
    }
    guard self != .firstBlock else { return }
    let engine = engine(.zero)
    _ = try await engine.block(orders(Self.base, Self.hour), cause: Self.cause)
    switch self {
    case .rollback: _ = try await engine.block(orders(Self.added, Self.hour), cause: Self.cause)
    case .rollbackOfUnblock: _ = try await engine.unblock([Self.base[0]], cause: Self.cause)
    case .unblockOverlap: _ = try await engine.block(orders(Self.covering, Self.hour), cause: Self.cause)
    case .disallow, .rollbackAll: _ = try await engine.allow([Self.base[0]], remove: false, cause: Self.cause)
    default: break
    }
  }

  /// Makes the change.
  func act(_ engine: FirewallEngine) async throws -> ActionReport? {
    switch self {
    case .firstBlock, .secondBlock:
      return try await engine.block(orders(Self.added, Self.hour), cause: Self.cause)
    case .unblock: return try await engine.unblock([Self.base[0]], cause: Self.cause)
    case .extend: return try await engine.block(orders([Self.base[0]], .seconds(6 * 3600)), cause: Self.cause)
    case .overlap: return try await engine.block(orders(Self.covering, .seconds(2 * 3600)), cause: Self.cause)
    case .unblockOverlap: return try await engine.unblock(Self.covering, cause: Self.cause)
    case .allow: return try await engine.allow([Self.base[0]], remove: false, cause: Self.cause)
    case .disallow: return try await engine.allow([Self.base[0]], remove: true, cause: Self.cause)
    case .rollback, .rollbackOfUnblock: return try await engine.rollback(2, cause: Self.cause)
    case .rollbackAll: return try await engine.rollbackAll(cause: Self.cause)
    case .expire: return try await engine.expire()
    case .reconcile: return try await engine.reconcile()
    }
  }

  private func orders(_ targets: [BlockTarget], _ time: Duration) -> [BlockOrder] {
    targets.map { BlockOrder(target: $0, timeToLive: time) }
  }

  private static let cause = Cause(origin: .person, actor: "kill test", reason: "kill test")
}
