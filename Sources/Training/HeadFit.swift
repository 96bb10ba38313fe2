import Detection
import Foundation
import Randomness

func exponent(_ base: Double, _ power: Double) -> Double { pow(base, power) }

/// Fits one head by logistic regression over the tables' bins and entries.
///
/// Follow-the-regularised-leader with per-entry steps (McMahan et al., KDD 2013), which leaves entries
/// that contribute little at exactly zero. One thread and a seeded order: the same data gives the same
/// weights. Few passes on purpose: families that nobody has seen are found better by weights that stop early.
/// The weights are the mean of those after each pass but the first, which evens out the order's chance.
struct HeadFit {
  let settings: HeadSettings
  let listing: FeatureListing
  /// At their beginning.
  private let features: [Feature]

  /// What the fit keeps of a feature, side by side because they are needed together.
  private struct Feature {
    var gradient: Float = 0
    var square: Float = 0
    /// Infinite for a feature that takes no part.
    let threshold: Float
    let rate: Float

    func weight(_ shrinkage: Float) -> Float {
      guard gradient.magnitude > threshold else { return 0 }
      return -(gradient - (gradient > 0 ? threshold : -threshold))
        / ((1 + square.squareRoot()) / rate + shrinkage)
    }
  }

  init(_ settings: HeadSettings, _ listing: FeatureListing) {
    self.settings = settings
    self.listing = listing
    var features: [Feature] = []
    for term in NameTerm.allCases {
      let threshold = settings.terms.contains(term) ? settings.numberThreshold : .infinity
      for _ in 0..<(term.binCount ?? 0) {
        features.append(Feature(threshold: threshold, rate: settings.numberRate))
      }
    }
    features += listing.entries.map {
      Feature(threshold: settings.threshold($0.term, $0.text), rate: settings.textRate)
    }
    self.features = features
  }

  /// The weight of every feature, in logits; `weights` says how much each name counts.
  func weights(_ names: TrainingNames, _ weights: [Float], _ progress: (Double) -> Void) -> [Float] {
    var features = features
    let shrinkage = settings.shrinkage
    var order = listing.rows.indices.filter { weights[listing.rows[$0]] > 0 }
    var random = SplitMix64(seed: 1)
    var current: [Float] = []
    var sums = [Float](repeating: 0, count: features.count)
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
          let value = features[Int(listing.ids[place])].weight(shrinkage)
          current.append(value)
          if place < sequences { plain += value } else { sequence += value }
        }
        let share = 1 / (1 + expf(-(plain + sequence * factor)))
        let isOrdinary = names.origins[name] == .ordinary
        // Ordinary names count the more the more harmful they look: they set the limits.
        let emphasis = isOrdinary ? 1 + settings.lookalikeFactor * share : 1
        let error = (share - (isOrdinary ? 0 : 1)) * weights[name] * emphasis
        for place in start..<end {
          let id = Int(listing.ids[place])
          var feature = features[id]
          guard feature.threshold < .infinity else { continue }
          let gradient = place < sequences ? error : error * factor
          let square = feature.square + gradient * gradient
          let step = (square.squareRoot() - feature.square.squareRoot()) / feature.rate
          feature.gradient += gradient - step * current[place - start]
          feature.square = square
          features[id] = feature
        }
      }
      guard pass > 0 || settings.passes == 1 else { continue }
      for id in sums.indices { sums[id] += features[id].weight(shrinkage) }
    }
    return sums.map { $0 / Float(max(1, settings.passes - 1)) }
  }

  /// As the model counts sequences of long labels.
  private static func sequenceFactor(_ name: ArraySlice<UInt8>) -> Float {
    let length = (name.firstIndex(of: UInt8(ascii: ".")) ?? name.endIndex) - name.startIndex
    return Float(NameModel.fullLength) / Float(max(NameModel.fullLength, length))
  }
}
