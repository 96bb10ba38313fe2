import NetworkTypes

/// Decisions by the moment they end, the earliest at hand: a binary heap.
///
/// A hundred thousand decisions must not be looked through every second to find that none has ended.
struct DeadlineQueue: Sendable {
  struct Entry: Sendable, Equatable {
    var deadline: Timestamp
    var id: Int64

    fileprivate func isEarlier(than other: Entry) -> Bool {
      (deadline, id) < (other.deadline, other.id)
    }
  }

  private var heap: [Entry] = []

  var count: Int { heap.count }
  var first: Entry? { heap.first }

  mutating func reserveCapacity(_ count: Int) { heap.reserveCapacity(count) }

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var place = heap.count - 1
    while place > 0, heap[place].isEarlier(than: heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  /// Takes away entries that no longer count, as far as they stand before all that do; all of them
  /// when they have become the most.
  mutating func discard(keeping live: Int, where isStale: (Entry) -> Bool) {
    while let first = heap.first, isStale(first) { removeFirst() }
    guard heap.count > 2 * live + 64 else { return }
    let kept = heap.filter { !isStale($0) }
    heap.removeAll(keepingCapacity: true)
    for entry in kept { insert(entry) }
  }

  /// Entries up to a moment, in no order. Costs as much as there are.
  func entries(until moment: Timestamp) -> [Entry] {
    var found: [Entry] = []
    var places = heap.isEmpty ? [] : [0]
    while let place = places.popLast() {
      guard heap[place].deadline <= moment else { continue }
      found.append(heap[place])
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count { places.append(child) }
    }
    return found
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < heap.count && heap[child].isEarlier(than: heap[least]) { least = child }
      guard least != place else { return }
      heap.swapAt(place, least)
      place = least
    }
  }
}
