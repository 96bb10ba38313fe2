import Detection

/// Fits the rows of the address model by logistic regression.
///
/// There are few combinations of rows, so the addresses are counted into cells once, and each weight is
/// led by Newton steps to where the sum over the cells is least. The order is fixed: the same data gives
/// the same weights.
struct AddressFit {
  /// Addresses that have the same row in every table.
  private struct Cell {
    var rows: [Int]
    var ordinary = 0.0
    var harmful = 0.0
  }

  /// In logits, by table and row.
  private(set) var weights: [[Double]]
  private(set) var base = 0.0

  private static let sweeps = 300
  /// Holds rows that few addresses have near 0.
  private static let shrinkage = 2.0

  /// - Parameters:
  ///   - ordinary: what is around ordinary addresses, and how much each counts.
  ///   - harmful: the same of harmful ones. Both are scaled to the number of rows given.
  init(
    ordinary: [(around: AddressSurroundings, weight: Double)],
    harmful: [(around: AddressSurroundings, weight: Double)]
  ) {
    let tables = AddressTable.allCases
    weights = tables.map { Array(repeating: 0, count: $0.rows.count) }
    let each = Double(ordinary.count + harmful.count) / 2
    var cells: [[Int]: Cell] = [:]
    for (items, isHarmful) in [(ordinary, false), (harmful, true)] {
      let factor = each / max(1e-9, items.reduce(0) { $0 + $1.weight })
      for item in items {
        let rows = tables.map { $0.row(item.around.count($0)) }
        if isHarmful {
          cells[rows, default: Cell(rows: rows)].harmful += item.weight * factor
        } else {
          cells[rows, default: Cell(rows: rows)].ordinary += item.weight * factor
        }
      }
    }
    let ordered = cells.values.sorted { $0.rows.lexicographicallyPrecedes($1.rows) }
    for _ in 0..<Self.sweeps {
      base += step(ordered, base, 0) { _ in true }
      for table in tables.indices {
        for row in weights[table].indices {
          weights[table][row] += step(ordered, weights[table][row], Self.shrinkage) { $0.rows[table] == row }
        }
      }
    }
    // For readers: the base value is that of an address with nothing around it.
    for table in tables.indices {
      let first = weights[table][0]
      base += first
      for row in weights[table].indices { weights[table][row] -= first }
    }
  }

  private func step(
    _ cells: [Cell], _ weight: Double, _ shrinkage: Double, where concerns: (Cell) -> Bool
  ) -> Double {
    var gradient = -shrinkage * weight
    var curvature = shrinkage + 1e-6
    for cell in cells where concerns(cell) {
      let sum = cell.rows.enumerated().reduce(base) { $0 + weights[$1.offset][$1.element] }
      let share = 1 / (1 + exponent(2.718281828459045, -sum))
      gradient += cell.harmful * (1 - share) - cell.ordinary * share
      curvature += (cell.harmful + cell.ordinary) * share * (1 - share)
    }
    // Never far at once: a row that only one side has would run away.
    return min(1, max(-1, gradient / curvature))
  }
}
