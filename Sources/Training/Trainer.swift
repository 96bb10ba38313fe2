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

/// Trains the name model: several times with parts held out, to measure, and once for use.
///
/// The same data gives the same bytes. Nothing of a name but its registered domain is looked at; rank
/// selects which ordinary names are hard and is never an input.
public struct Trainer {
  private let data: TrainingData
  private let folds: FamilyFolds
  private let progress: (TrainingProgress) -> Void

  /// Where Debian's package `publicsuffix` puts the Public Suffix List.
  public static let standardSuffixes = PublicSuffixList.standardPath

  /// Reads the data directory and the Public Suffix List. `generators` is how many generators of names the
  /// trainer makes up itself.
  public init(
    directory: URL, publicSuffixes: URL = URL(filePath: standardSuffixes), generators: Int = 1600,
    progress: @escaping (TrainingProgress) -> Void = { _ in }
  ) throws(TrainingError) {
    progress(TrainingProgress(phase: Phrase(en: "reading names", ja: "学習データの読み込み"), share: 0))
    var data = try TrainingData(directory: directory, publicSuffixes: publicSuffixes)
    SyntheticNames.add(generators, to: &data.names, data.suffixes)
    self.data = data
    folds = FamilyFolds(data.names)
    self.progress = progress
  }

  public func run() -> TrainingResult {
    let names = data.names
    let ground = OrdinaryGround(names, (0..<names.count).map { !names.isKeptApart($0) }, data.suffixes)
    let rows = (0..<names.count).filter { !names.isKeptApart($0) }
    let listing = FeatureListing(rows, names, ground) {
      progress(
        TrainingProgress(phase: Phrase(en: "finding features", ja: "特徴の抽出"), share: 0.02 + 0.18 * $0))
    }
    let groundText = ground.text(data.suffixList)
    func fitted(_ holdOut: HoldOut, _ phase: Phrase) -> Fitted {
      fit(holdOut, listing, groundText) { share in
        progress(
          TrainingProgress(
            phase: phase, share: 0.2 + 0.8 * (Double(holdOut.place) + share) / Double(HoldOut.all.count)))
      }
    }
    let recent = scores(
      fitted(.recentMonths, Phrase(en: "model without the last two months", ja: "直近 2 か月を除いたモデル")),
      .recentMonths)
    let earlier = scores(
      fitted(
        .earlierMonths, Phrase(en: "model of the months before the last four", ja: "直近 4 か月より前だけのモデル")),
      .earlierMonths)
    let unseen = (0..<FamilyFolds.count).map { fold in
      scores(
        fitted(.families(fold), Phrase(en: "model without some families", ja: "一部の系統を除いたモデル")),
        .families(fold))
    }
    // One half of what was held out sets the probabilities, the other half shows whether they hold.
    let steps = Calibration.table(
      ordinary: recent.ordinary.half(0).map(\.hundredths),
      harmful: recent.malicious.half(0).map(\.score.hundredths))
    let whole = fitted(.nothing, Phrase(en: "model for use", ja: "実用モデル"))
    let limits = scores(whole, .nothing).ordinary.map(\.hundredths).sorted(by: >)
    let thresholds = ScoreThresholds(
      oneIn100: Quality.limit(limits, 0.01), oneIn1000: Quality.limit(limits, 0.001),
      oneIn10000: Quality.limit(limits, 0.0001))
    func quality(_ split: String, _ scores: Scores, _ harmful: [(score: NameScore, family: String)])
      -> Quality
    {
      Quality(
        split: split, ordinary: scores.ordinary.map(\.hundredths),
        harmful: harmful.map { ($0.score.hundredths, $0.family) })
    }
    let familyFolds = unseen.enumerated().map {
      quality("unseen families, fold \($0 + 1)", $1, $1.malicious)
    }
    let generatorFolds = unseen.enumerated().map {
      quality("unseen generators, fold \($0 + 1)", $1, $1.generated)
    }
    let summaries = [
      quality("last two months", recent, recent.malicious),
      quality("the two months before", earlier, earlier.malicious),
      Quality(split: "unseen families", folds: familyFolds),
      Quality(split: "unseen generators", folds: generatorFolds),
    ]
    let model = whole.draft.text(
      whole.scales.naming, whole.scales.generated, thresholds: thresholds, calibration: steps,
      about: about + summaries.map { ("quality \($0.split)", $0.summary) })
    var report = TrainingReport(
      qualities: summaries, folds: [familyFolds, generatorFolds], thresholds: thresholds, about: about,
      heldOut: limits.count, model: model)
    if let parsed = try? NameModel(Array(model.utf8).span) {
      report.reliability = Calibration.reliability(
        ordinary: recent.ordinary.half(1).map { parsed.probability($0) },
        harmful: recent.malicious.half(1).map { parsed.probability($0.score) })
      report.others = others(parsed)
    }
    progress(TrainingProgress(phase: Phrase(en: "done", ja: "完了"), share: 1))
    return TrainingResult(
      model: model, qualities: summaries + familyFolds + generatorFolds, report: report.markdown,
      reliability: TrainingReport.reliabilityPlot(report.reliability))
  }

  private func use(_ index: Int, _ holdOut: HoldOut) -> HoldOut.Use {
    let names = data.names
    switch names.origins[index] {
    case .synthetic: return .learn
    case .ordinary: return !names.isKeptApart(index) ? .learn : names.isHard[index] ? .measure : .ignore
    case .malicious, .generated:
      return holdOut.use(
        month: Int(names.months[index]), of: data.monthCount, fold: folds.fold[names.families[index]],
        isGenerated: names.origins[index] == .generated)
    }
  }

  private struct Scales {
    var naming = ModelDraft.Scale.provisional
    var generated = ModelDraft.Scale.provisional
  }

  private struct Fitted {
    let draft: ModelDraft
    var scales = Scales()
  }

  private func fit(
    _ holdOut: HoldOut, _ listing: FeatureListing, _ groundText: String, _ progress: (Double) -> Void
  ) -> Fitted {
    let names = data.names
    let learns = (0..<names.count).map { use($0, holdOut) == .learn }
    func head(_ settings: HeadSettings, _ from: Double, _ to: Double) -> [Float] {
      HeadFit(settings, listing).weights(names, settings.weights(names, learns)) {
        progress(from + $0 * (to - from))
      }
    }
    let naming = head(.naming, 0, 0.6)
    let generated = head(.generated, 0.6, 0.8)
    var fitted = Fitted(
      draft: ModelDraft(
        naming: naming, generated: generated, listing, names, data.suffixes, groundText))
    setScales(&fitted)
    return fitted
  }

  /// Puts both heads on one scale, on ordinary names that were not learned from: 40 points at one in 100
  /// and 60 at one in 1,000 for each head; then 40 at one in 100 and 80 at one in 10,000 for the larger.
  /// Generated names get half as many false alarms again, being the harder half.
  private func setScales(_ fitted: inout Fitted) {
    let first = scores(fitted, .nothing).ordinary
    func anchored(
      _ scale: ModelDraft.Scale, _ scores: [Int], _ share: Double, _ target: Double, more: Double = 1
    ) -> ModelDraft.Scale {
      let sorted = scores.sorted(by: >)
      let (low, high) = (
        Double(Quality.limit(sorted, 0.01 * more)), Double(Quality.limit(sorted, share * more))
      )
      // A hold-out of few names may have all its best at one score.
      let factor = min(10, (target - 4000) / max(1, high - low))
      return scale.then(factor: factor, shift: 4000 - factor * low)
    }
    fitted.scales.naming = anchored(fitted.scales.naming, first.map(\.naming), 0.001, 6000)
    fitted.scales.generated = anchored(
      fitted.scales.generated, first.map(\.generated), 0.001, 6000, more: 1.5)
    let larger = scores(fitted, .nothing).ordinary.map(\.hundredths)
    fitted.scales.naming = anchored(fitted.scales.naming, larger, 0.0001, 8000)
    fitted.scales.generated = anchored(fitted.scales.generated, larger, 0.0001, 8000)
  }

  private struct Scores {
    var ordinary: [NameScore] = []
    var malicious: [(score: NameScore, family: String)] = []
    var generated: [(score: NameScore, family: String)] = []
  }

  /// The scores of everything that was held out, by the model as it would be read from its file.
  private func scores(_ fitted: Fitted, _ holdOut: HoldOut) -> Scores {
    let text = fitted.draft.text(
      fitted.scales.naming, fitted.scales.generated,
      thresholds: ScoreThresholds(oneIn100: 0, oneIn1000: 0, oneIn10000: 0),
      calibration: [(0, 0), (1, 0)], about: [])
    let model: NameModel
    do throws(ModelFileError) {
      model = try NameModel(Array(text.utf8).span)
    } catch {
      preconditionFailure("a model that was just written cannot be read: \(error.message.en)")
    }
    var result = Scores()
    let names = data.names
    for index in 0..<names.count where use(index, holdOut) == .measure {
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

  /// How many of the ordinary names kept apart that are not of rank 100,001 to 1,000,000 reach each threshold.
  private func others(_ model: NameModel) -> (count: Int, above: [Int]) {
    let limits = [model.thresholds.oneIn100, model.thresholds.oneIn1000, model.thresholds.oneIn10000]
    var result = (count: 0, above: [0, 0, 0])
    for index in 0..<data.names.count
    where data.names.isKeptApart(index) && !data.names.isHard[index] {
      guard let score = model.score(Array(data.names.name(index)).span) else { continue }
      result.count += 1
      for (place, limit) in limits.enumerated() where score.hundredths >= limit { result.above[place] += 1 }
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
