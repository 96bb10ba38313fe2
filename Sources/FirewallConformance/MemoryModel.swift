public import FirewallKit

/// The properties of a kind of memory device. A type, because what an adapter can do is stated by its
/// type.
public protocol MemoryModel: Sendable {
  static var prefixes: Capabilities.Prefixes { get }
  static var atomicity: Capabilities.Atomicity { get }
  /// Blocks that fit; `nil` for as many as there is memory.
  static var capacity: Int? { get }
  /// Whether the device ends blocks by itself.
  static var hasTimers: Bool { get }
}

extension MemoryModel {
  public static var prefixes: Capabilities.Prefixes { .overlapping }
  public static var atomicity: Capabilities.Atomicity { .plan }
  public static var capacity: Int? { nil }
  public static var hasTimers: Bool { true }
}

/// A device that takes everything: overlapping prefixes, whole plans at once, without limit.
public enum GenerousMemory: MemoryModel {}

/// A device with every restriction: prefixes must be disjoint, a refused line keeps those before it,
/// and it holds 64 blocks.
public enum StrictMemory: MemoryModel {
  public static var prefixes: Capabilities.Prefixes { .disjoint }
  public static var atomicity: Capabilities.Atomicity { .entry }
  public static var capacity: Int? { 64 }
}
