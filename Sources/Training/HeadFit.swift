import Detection
import Foundation

func exponent(_ base: Double, _ power: Double) -> Double { pow(base, power) }

/// Fits one head by logistic regression over the tables' bins and entries.
///
/// Follow-the-regularised-leader with per-entry steps (McMahan et al., KDD 2013), which leaves entries
/// that contribute little at exactly zero. One thread and a seeded order: the same data gives the same
/// weights. Few passes on purpose: families that nobody has seen are found better by weights that stop early.
struct HeadFit {
  let settings: HeadSettings
  let listing: FeatureListing
  private let thresholds: [Float]
  private let rates: [Float]

  init(_ settings: HeadSettings, _ listing: FeatureListing) {
    self.settings = settings
    self.listing = listing
    var thresholds: [Float] = []
    for term in NameTerm.allCases {
      let threshold = settings.terms.contains(term) ? settings.numberThreshold : .infinity
      thresholds += [Float](repeating: threshold, count: term.binCount ?? 0)
    }
    thresholds += listing.entries.map { settings.threshold($0.term, $0.text) }
    self.thresholds = thresholds
    rates =
      [Float](repeating: settings.numberRate, count: FeatureListing.numberCount)
      + [Float](repeating: settings.textRate, count: listing.entries.count)
  }

  /// The weight of every feature, in logits; `weights` says how much each name counts.
  func weights(_ names: TrainingNames, _ weights: [Float], _ progress: (Double) -> Void) -> [Float] {
    var gradients = [Float](repeating: 0, count: thresholds.count)
    var squares = [Float](repeating: 0, count: thresholds.count)
    func weight(_ id: Int) -> Float {
      let gradient = gradients[id]
      let threshold = thresholds[id]
      guard gradient.magnitude > threshold else { return 0 }
      return -(gradient - (gradient > 0 ? threshold : -threshold))
        / ((1 + squares[id].squareRoot()) / rates[id] + settings.shrinkage)
    }
    var order = listing.rows.indices.filter { weights[listing.rows[$0]] > 0 }
    var random = RandomNumbers(seed: 1)
    var current: [Float] = []
    for pass in 0..<settings.passes {
      for position in stride(from: order.count - 1, to: 0, by: -1) {
        order.swapAt(position, random.below(position + 1))
      }
      for (done, row) in order.enumerated() {
        if done & 0xFFFF == 0 {
          progress((Double(pass) + Double(done) / Double(order.count)) / Double(settings.passes))
        }
        let (start, sequences, end) = (
          listing.starts[row], listing.sequenceStarts[row], listing.starts[row + 1]
        )
        let name = listing.rows[row]
        let factor = Self.sequenceFactor(names.name(name))
        var (plain, sequence): (Float, Float) = (0, 0)
        current.removeAll(keepingCapacity: true)
        for place in start..<end {
          let value = weight(Int(listing.ids[place]))
          current.append(value)
          if place < sequences { plain += value } else { sequence += value }
        }
        let share = 1 / (1 + expf(-(plain + sequence * factor)))
        let target: Float = names.origins[name] == .ordinary ? 0 : 1
        let error = (share - target) * weights[name]
        for place in start..<end {
          let id = Int(listing.ids[place])
          guard thresholds[id] < .infinity else { continue }
          let gradient = place < sequences ? error : error * factor
          let square = gradient * gradient
          let step = ((squares[id] + square).squareRoot() - squares[id].squareRoot()) / rates[id]
          gradients[id] += gradient - step * current[place - start]
          squares[id] += square
        }
      }
    }
    return thresholds.indices.map { weight($0) }
  }

  /// As the model counts sequences of long labels.
  private static func sequenceFactor(_ name: ArraySlice<UInt8>) -> Float {
    let length = (name.firstIndex(of: UInt8(ascii: ".")) ?? name.endIndex) - name.startIndex
    return Float(NameModel.fullLength) / Float(max(NameModel.fullLength, length))
  }
}
