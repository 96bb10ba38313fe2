import Synchronization

/// Where the index in force is published: writers replace it whole, readers see one or the other.
public final class ReputationIndexSlot: Sendable {
  private let current: Mutex<ReputationIndex>
  private let published = Atomic<UInt64>(0)

  public init(_ index: ReputationIndex) { current = Mutex(index) }

  /// Grows by one with every publication. Reading it is one load, without a lock.
  public var generation: UInt64 { published.load(ordering: .acquiring) }

  /// The index in force.
  public var index: ReputationIndex { current.withLock { $0 } }

  /// Puts an index in the place of the present one, which lives on with those who hold it.
  public func publish(_ index: ReputationIndex) {
    current.withLock {
      $0 = index
      published.wrappingAdd(1, ordering: .releasing)
    }
  }

  /// A reader for one thread.
  public func view() -> ReputationView { ReputationView(of: self) }

  fileprivate func snapshot() -> (index: ReputationIndex, generation: UInt64) {
    current.withLock { ($0, published.load(ordering: .acquiring)) }
  }
}

/// One thread's hold on the index in force.
///
/// Call `refresh()` between batches, every thousand packets or so; what one batch sees is one index.
public struct ReputationView: Sendable {
  private let slot: ReputationIndexSlot
  /// The generation of `index`.
  public private(set) var generation: UInt64
  public private(set) var index: ReputationIndex

  fileprivate init(of slot: ReputationIndexSlot) {
    self.slot = slot
    (index, generation) = slot.snapshot()
  }

  /// Takes the newest index when there is a new one; says whether there was. Takes a lock only then.
  public mutating func refresh() -> Bool {
    guard slot.generation != generation else { return false }
    (index, generation) = slot.snapshot()
    return true
  }
}
