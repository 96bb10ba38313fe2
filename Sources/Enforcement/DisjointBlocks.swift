import NetworkTypes

/// Turns blocks on overlapping prefixes into blocks on disjoint ones that stop the same packets for
/// the same time.
///
/// Some devices refuse overlapping prefixes or merge them, and a merge silently lengthens the shorter
/// block. So overlaps are resolved here: each address gets the latest deadline of all prefixes that
/// cover it. Prefixes are never joined, so a block that ends takes only itself away.
enum DisjointBlocks {
  static func resolve(_ blocks: [IPPrefix: Timestamp]) -> [IPPrefix: Timestamp] {
    var result: [IPPrefix: Timestamp] = [:]
    result.reserveCapacity(blocks.count)
    // In this order a prefix stands directly before everything it contains.
    let sorted = blocks.sorted { $0.key < $1.key }
    var index = 0
    while index < sorted.count {
      var end = index + 1
      while end < sorted.count, sorted[index].key.contains(sorted[end].key) { end += 1 }
      emit(sorted[index..<end], into: &result)
      index = end
    }
    return result
  }

  /// Writes one prefix and the ones inside it; the first element contains all others.
  private static func emit(
    _ family: ArraySlice<(key: IPPrefix, value: Timestamp)>, into result: inout [IPPrefix: Timestamp]
  ) {
    guard let (outer, deadline) = family.first else { return }
    let longer = family.dropFirst().filter { $0.value > deadline }
    guard !longer.isEmpty else {
      result[outer] = deadline
      return
    }
    var rest = [outer]
    var index = longer.startIndex
    while index < longer.endIndex {
      let hole = longer[index].key
      var end = index + 1
      while end < longer.endIndex, hole.contains(longer[end].key) { end += 1 }
      rest = rest.flatMap { $0.subtracting(hole) }
      emit(longer[index..<end], into: &result)
      index = end
    }
    for piece in rest { result[piece] = deadline }
  }
}
