import Detection
public import Foundation
import Language
import NetworkTypes

/// Trains the model of addresses that no name is known of: twice with the newest months held out, to
/// measure, and once for use.
///
/// What is around an address is always counted from entries that are older than it, so nothing is learned
/// from an address about itself. The same data gives the same bytes.
public struct AddressTrainer {
  private let data: AddressData
  private let progress: (TrainingProgress) -> Void

  /// Reads the data directory.
  public init(
    directory: URL, progress: @escaping (TrainingProgress) -> Void = { _ in }
  ) throws(TrainingError) {
    progress(TrainingProgress(phase: Phrase(en: "reading addresses", ja: "学習データの読み込み"), share: 0))
    data = try AddressData(directory: directory)
    self.progress = progress
  }

  public func run() -> TrainingResult {
    let last = data.monthCount
    func phase(_ share: Double) {
      progress(TrainingProgress(phase: Phrase(en: "fitting addresses", ja: "アドレスの学習"), share: share))
    }
    phase(0.3)
    let recent = fitted(counted: last - 6, learned: last - 2)
    let recentScores = scores(recent, counted: last - 2, measured: (last - 1)...max(last - 1, last))
    phase(0.5)
    let earlier = fitted(counted: last - 6, learned: last - 4)
    let earlierScores = scores(earlier, counted: last - 4, measured: (last - 3)...max(last - 3, last - 2))
    phase(0.7)
    var whole = fitted(counted: last - 4, learned: last)
    whole.anchor(scores(whole, counted: last, measured: nil).ordinary)
    let ordinary = scores(whole, counted: last, measured: nil).ordinary.sorted(by: >)
    let thresholds = ScoreThresholds(
      oneIn100: Quality.limit(ordinary, 0.01), oneIn1000: Quality.limit(ordinary, 0.001),
      oneIn10000: Quality.limit(ordinary, 0.0001))
    // Probabilities are told on the scale of the model for use, from what the model without the last two
    // months says of them.
    var onScale = recent
    onScale.scale = whole.scale
    let told = scores(onScale, counted: last - 2, measured: (last - 1)...max(last - 1, last))
    let steps = Calibration.table(ordinary: told.ordinary, harmful: told.harmful.map(\.score))
    let qualities = [
      Quality(split: "last two months", ordinary: recentScores.ordinary, harmful: recentScores.harmful),
      Quality(
        split: "the two months before", ordinary: earlierScores.ordinary, harmful: earlierScores.harmful),
    ]
    let about =
      [
        ("harmful-addresses", "\(data.harmful.count)"), ("ordinary-addresses", "\(data.ordinary.count)"),
      ] + data.digests.map { ("sha256 \($0.file)", $0.digest) }
      + qualities.map { ("quality \($0.split)", $0.summary) }
    let model = text(whole, thresholds, steps, about)
    let report = AddressReport(
      qualities: qualities, thresholds: thresholds, about: about, heldOut: ordinary.count, model: model,
      strata: strata(whole, thresholds))
    let calibration = ScoreCalibration(steps)
    let shares = Calibration.reliability(
      ordinary: told.ordinary.map { calibration.probability($0) },
      harmful: told.harmful.map { calibration.probability($0.score) })
    progress(TrainingProgress(phase: Phrase(en: "done", ja: "完了"), share: 1))
    return TrainingResult(
      model: model, qualities: qualities, report: report.markdown,
      reliability: TrainingReport.reliabilityPlot(shares))
  }

  /// Weights on a scale of points.
  private struct Fitted {
    let fit: AddressFit
    var scale = (factor: 1000.0, shift: 0.0)

    var base: Int { Int((fit.base * scale.factor + scale.shift).rounded()) }

    func value(_ table: Int, _ row: Int) -> Int { Int((fit.weights[table][row] * scale.factor).rounded()) }

    func score(_ around: AddressSurroundings) -> Int {
      AddressTable.allCases.enumerated().reduce(base) { sum, item in
        sum + value(item.offset, item.element.row(around.count(item.element)))
      }
    }

    /// 40 points at one in 100 and 80 at one in 10,000 of these scores of ordinary addresses.
    mutating func anchor(_ ordinary: [Int]) {
      let sorted = ordinary.sorted(by: >)
      let (low, high) = (Double(Quality.limit(sorted, 0.01)), Double(Quality.limit(sorted, 0.0001)))
      let factor = 4000 / max(1, high - low)
      scale = (scale.factor * factor, scale.shift * factor + 4000 - factor * low)
    }
  }

  /// Learns from the addresses listed after a month, up to another, by what was listed up to the first.
  private func fitted(counted: Int, learned: Int) -> Fitted {
    let counted = max(0, counted)
    let ground = data.ground(through: counted)
    let fresh = data.harmful.filter { $0.month > counted && $0.month <= max(counted + 1, learned) }
    var sizes: [Int: Int] = [:]
    for entry in fresh { sizes[entry.family, default: 0] += 1 }
    let harmful = fresh.map { entry in
      // Families are damped, so that large ones do not decide alone.
      (
        around: ground.surroundings(of: entry.address),
        weight: 1 / Double(sizes[entry.family] ?? 1).squareRoot()
      )
    }
    var strata: [Int: Int] = [:]
    let known = data.ordinary.filter { !$0.isKeptApart }
    for entry in known { strata[entry.stratum, default: 0] += 1 }
    let ordinary = known.map { entry in
      (around: ground.surroundings(of: entry.address), weight: 1 / Double(strata[entry.stratum] ?? 1))
    }
    return Fitted(fit: AddressFit(ordinary: ordinary, harmful: harmful))
  }

  /// Scores of the ordinary addresses kept apart, and of the harmful ones of some months.
  private func scores(
    _ fitted: Fitted, counted: Int, measured: ClosedRange<Int>?
  ) -> (ordinary: [Int], harmful: [(score: Int, family: String)]) {
    let ground = data.ground(through: max(0, counted))
    return (
      data.ordinary.filter(\.isKeptApart).map { fitted.score(ground.surroundings(of: $0.address)) },
      data.harmful.filter { measured?.contains($0.month) ?? false }.map {
        (fitted.score(ground.surroundings(of: $0.address)), data.families[$0.family])
      }
    )
  }

  /// Of each stratum of ordinary addresses kept apart: how many there are, and how many reach each
  /// threshold.
  private func strata(_ fitted: Fitted, _ thresholds: ScoreThresholds) -> [AddressReport.Stratum] {
    let ground = data.ground(through: data.monthCount)
    let limits = [thresholds.oneIn100, thresholds.oneIn1000, thresholds.oneIn10000]
    return data.strata.enumerated().map { place, name in
      let scores = data.ordinary.filter { $0.isKeptApart && $0.stratum == place }.map {
        fitted.score(ground.surroundings(of: $0.address))
      }
      return AddressReport.Stratum(
        name: name, count: scores.count, above: limits.map { limit in scores.count { $0 >= limit } })
    }
  }

  /// The model file.
  private func text(
    _ fitted: Fitted, _ thresholds: ScoreThresholds, _ steps: [(score: Int, probability: Int)],
    _ about: [(String, String)]
  ) -> String {
    var text =
      ModelHead(
        firstLine: AddressModel.firstLine, about: about, thresholds: thresholds, calibration: steps
      ).text
    func heading(_ section: AddressModel.Section) { text += "\n[\(section.heading)]\n" }
    heading(.base)
    text += "0\t\(ModelText.points(fitted.base))\n"
    for (place, table) in AddressTable.allCases.enumerated() {
      heading(.table(table))
      for (row, count) in table.rows.enumerated() {
        text += "\(count)\t\(ModelText.points(fitted.value(place, row)))\n"
      }
    }
    heading(.networks)
    for (network, count) in data.counts(through: data.monthCount).sorted(by: { $0.key < $1.key }) {
      text += "\(network >> 16).\(network >> 8 & 255).\(network & 255)\t\(count)\n"
    }
    heading(.hosters)
    for hoster in Set(data.hosters).sorted() { text += "\(hoster)\n" }
    return text
  }
}
