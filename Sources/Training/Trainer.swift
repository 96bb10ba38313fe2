import Detection
public import Foundation
public import Language

/// Where training stands.
public struct TrainingProgress: Sendable {
  public let phase: Phrase
  /// Of the whole, 0...1.
  public let share: Double
}

/// What training made.
public struct TrainingResult: Sendable {
  /// The model file's content.
  public let model: String
  public let qualities: [Quality]
  /// The report in Markdown.
  public let report: String
  /// The reliability plot in SVG.
  public let reliability: String
}

/// Trains the name model: twice with parts held out, to measure, and once for use.
///
/// The same data gives the same bytes. Nothing of a name but its registered domain is looked at; rank
/// selects which ordinary names are hard and is never an input.
public struct Trainer {
  private let data: TrainingData
  private let progress: (TrainingProgress) -> Void

  /// Reads the data directory.
  public init(
    directory: URL, progress: @escaping (TrainingProgress) -> Void = { _ in }
  ) throws(TrainingError) {
    progress(TrainingProgress(phase: Phrase(en: "reading names", ja: "学習データの読み込み"), share: 0))
    var data = try TrainingData(directory: directory)
    SyntheticNames.add(to: &data.names, data.suffixes)
    self.data = data
    self.progress = progress
  }

  /// Which names a model learns from.
  enum Split {
    /// Without the last two months, and half of the families of generated names.
    case byMonth
    /// Without 15 % of the families, and the other half of the families of generated names.
    case byFamily
    /// Without the ordinary names that set the thresholds.
    case whole
  }

  /// Of the hard ordinary names this many in 100 are never learned from.
  private static let heldOutShare = 15

  private func isHeldOut(_ index: Int, _ split: Split) -> Bool {
    let names = data.names
    let family = TableKey.of(.base, names.familyNames[names.families[index]].utf8)
    switch names.origins[index] {
    case .synthetic: return false
    case .ordinary: return names.isHard[index] && names.draw(index, 1) < Self.heldOutShare
    case .malicious:
      switch split {
      case .byMonth: return Int(names.months[index]) > max(0, data.monthCount - 2)
      case .byFamily: return TrainingNames.draw(family, 2) < 15
      case .whole: return false
      }
    case .generated:
      let half = TrainingNames.draw(family, 3) < 50
      switch split {
      case .byMonth: return half
      case .byFamily: return !half
      case .whole: return false
      }
    }
  }

  public func run() -> TrainingResult {
    let byMonth = fit(
      .byMonth, Phrase(en: "model without the last two months", ja: "直近 2 か月を除いたモデル"), 0.02)
    let monthScores = scores(byMonth.draft, byMonth.scales, .byMonth)
    // One half of what was held out sets the probabilities, the other half shows whether they hold.
    let steps = Calibration.table(
      ordinary: monthScores.ordinary.half(0).map(\.hundredths),
      harmful: monthScores.malicious.half(0).map(\.score.hundredths))
    let byFamily = fit(.byFamily, Phrase(en: "model without some families", ja: "一部の系統を除いたモデル"), 0.34)
    let familyScores = scores(byFamily.draft, byFamily.scales, .byFamily)
    let whole = fit(.whole, Phrase(en: "model for use", ja: "実用モデル"), 0.67)
    let wholeScores = scores(whole.draft, whole.scales, .whole)
    let limits = wholeScores.ordinary.map(\.hundredths).sorted(by: >)
    let thresholds = NameThresholds(
      oneIn100: Quality.limit(limits, 0.01), oneIn1000: Quality.limit(limits, 0.001),
      oneIn10000: Quality.limit(limits, 0.0001))
    let ordinary = monthScores.ordinary.map(\.hundredths)
    let qualities = [
      Quality(
        split: "last two months", ordinary: ordinary,
        harmful: monthScores.malicious.map { ($0.score.hundredths, $0.family) }),
      Quality(
        split: "unseen families", ordinary: familyScores.ordinary.map(\.hundredths),
        harmful: familyScores.malicious.map { ($0.score.hundredths, $0.family) }),
      Quality(
        split: "unseen generators, first half", ordinary: ordinary,
        harmful: monthScores.generated.map { ($0.score.hundredths, $0.family) }),
      Quality(
        split: "unseen generators, second half", ordinary: familyScores.ordinary.map(\.hundredths),
        harmful: familyScores.generated.map { ($0.score.hundredths, $0.family) }),
    ]
    let model = whole.draft.text(
      whole.scales.naming, whole.scales.generated, thresholds: thresholds, calibration: steps,
      about: about + qualities.map { ("quality \($0.split)", $0.summary) })

    var reliability: [Calibration.Step] = []
    if let parsed = try? NameModel(Array(model.utf8).span) {
      reliability = Calibration.reliability(
        parsed, ordinary: monthScores.ordinary.half(1), harmful: monthScores.malicious.half(1).map(\.score))
    }
    progress(TrainingProgress(phase: Phrase(en: "done", ja: "完了"), share: 1))
    return TrainingResult(
      model: model, qualities: qualities,
      report: TrainingReport.markdown(
        qualities, thresholds, about: about, heldOut: limits.count, model: model, reliability: reliability),
      reliability: TrainingReport.reliabilityPlot(reliability))
  }

  private struct Scales {
    var naming = ModelDraft.Scale.provisional
    var generated = ModelDraft.Scale.provisional
  }

  private func fit(_ split: Split, _ phase: Phrase, _ start: Double) -> (draft: ModelDraft, scales: Scales) {
    let names = data.names
    let learns = (0..<names.count).map { !isHeldOut($0, split) }
    let ground = SplitGround(names, learns, data.suffixes)
    func head(_ settings: HeadSettings, _ from: Double, _ to: Double) -> HeadWeights {
      var fit = HeadFit(settings)
      return fit.weights(names, settings.weights(names, learns), ground) {
        progress(TrainingProgress(phase: phase, share: start + 0.32 * (from + $0 * (to - from))))
      }
    }
    let naming = head(.naming, 0, 0.65)
    let generated = head(.generated, 0.65, 0.95)
    let draft = ModelDraft(
      naming: naming, generated: generated, names, learns, ground, data.suffixList)
    return (draft, scales(draft, split))
  }

  /// Puts both heads on one scale, on ordinary names that were not learned from: 40 points at one in 100
  /// and 60 at one in 1,000 for each head; then 40 at one in 100 and 80 at one in 10,000 for the larger.
  /// Generated names get half as many false alarms again, being the harder half.
  private func scales(_ draft: ModelDraft, _ split: Split) -> Scales {
    var scales = Scales()
    let first = scores(draft, scales, split).ordinary
    func anchored(
      _ scale: ModelDraft.Scale, _ scores: [Int], _ share: Double, _ target: Double, more: Double = 1
    ) -> ModelDraft.Scale {
      let sorted = scores.sorted(by: >)
      let (low, high) = (
        Double(Quality.limit(sorted, 0.01 * more)), Double(Quality.limit(sorted, share * more))
      )
      let factor = (target - 4000) / max(1, high - low)
      return scale.then(factor: factor, shift: 4000 - factor * low)
    }
    scales.naming = anchored(scales.naming, first.map(\.naming), 0.001, 6000)
    scales.generated = anchored(scales.generated, first.map(\.generated), 0.001, 6000, more: 1.5)
    let larger = scores(draft, scales, split).ordinary.map(\.hundredths)
    scales.naming = anchored(scales.naming, larger, 0.0001, 8000)
    scales.generated = anchored(scales.generated, larger, 0.0001, 8000)
    return scales
  }

  private struct Scores {
    var ordinary: [NameScore] = []
    var malicious: [(score: NameScore, family: String)] = []
    var generated: [(score: NameScore, family: String)] = []
  }

  /// The scores of everything that was held out, by the model as it would be read from its file.
  private func scores(_ draft: ModelDraft, _ scales: Scales, _ split: Split) -> Scores {
    let text = draft.text(
      scales.naming, scales.generated,
      thresholds: NameThresholds(oneIn100: 0, oneIn1000: 0, oneIn10000: 0),
      calibration: [(0, 0), (1, 0)], about: [])
    let model: NameModel
    do throws(NameModelError) {
      model = try NameModel(Array(text.utf8).span)
    } catch {
      preconditionFailure("a model that was just written cannot be read: \(error.message.en)")
    }
    var result = Scores()
    let names = data.names
    for index in 0..<names.count where isHeldOut(index, split) {
      guard let score = model.score(Array(names.name(index)).span) else { continue }
      let family = names.familyNames[names.families[index]]
      switch names.origins[index] {
      case .ordinary: result.ordinary.append(score)
      case .malicious: result.malicious.append((score, family))
      case .generated: result.generated.append((score, family))
      case .synthetic: break
      }
    }
    return result
  }

  /// What the model file says of its origin.
  private var about: [(String, String)] {
    var counts: [TrainingNames.Origin: Int] = [:]
    for origin in data.names.origins { counts[origin, default: 0] += 1 }
    return [
      ("ordinary-names", "\(counts[.ordinary] ?? 0)"), ("harmful-names", "\(counts[.malicious] ?? 0)"),
      ("generated-names", "\(counts[.generated] ?? 0)"), ("synthetic-names", "\(counts[.synthetic] ?? 0)"),
    ] + data.digests.map { ("sha256 \($0.file)", $0.digest) }
  }
}

extension Array {
  /// Every other element, from the first or the second.
  fileprivate func half(_ offset: Int) -> [Element] {
    enumerated().filter { $0.offset % 2 == offset }.map(\.element)
  }
}
