import Detection
import Language
import NetworkTypes

/// The part of the disclosure that tells how addresses without a name are judged, made from the model file
/// alone.
struct AddressDisclosure {
  private let model: AddressModel
  private var about: [(key: String, value: String)] = []
  private var rows: [AddressTable: [(count: Int, value: Int)]] = [:]
  private var networkCount = 0
  private var hosterCount = 0

  init(_ bytes: [UInt8]) throws(ModelFileError) {
    model = try AddressModel(bytes.span)
    let span = bytes.span
    var (about, rows) = (self.about, self.rows)
    var (networks, hosters) = (0, 0)
    try ModelText.read(
      span, firstLine: AddressModel.firstLine, sections: AddressModel.Section.byHeading
    ) { (section, first, second, _, _) throws(ModelFileError) in
      switch section {
      case .about: about.append((ModelText.text(span, first), ModelText.text(span, second)))
      case .table(let table):
        rows[table, default: []].append(
          (Int(ModelText.text(span, first)) ?? 0, ModelText.hundredths(span, second) ?? 0))
      case .networks: networks += 1
      case .hosters: hosters += 1
      default: break
      }
    }
    (self.about, self.rows, networkCount, hosterCount) = (about, rows, networks, hosters)
  }

  func add(to document: inout DisclosureDocument, example: IPAddress, _ language: Language) {
    addMethod(&document)
    addTables(&document, language)
    addExample(&document, example, language)
    addQuality(&document, language)
  }

  private func addMethod(_ document: inout DisclosureDocument) {
    let limits = model.thresholds
    document.blocks += [
      .heading(Phrase(en: "Addresses without a name", ja: "名前のないアドレスの判定")),
      .paragraph(
        Phrase(
          en:
            "A connection to an IPv4 address that no name is known of is judged by what was listed around that "
            + "address when the model was made: model \(model.identifier), SHA-256 \(model.digest). The file is "
            + "an annex of this document as well. It counts \(networkCount) networks of 256 addresses, and "
            + "has \(hosterCount) ranges of hosters that are often abused. IPv6 addresses have no score.",
          ja: "名前の分からない IPv4 アドレスへの接続は、モデル作成時点でそのアドレスの周辺に掲載されていたアドレスの数で判定します。モデルは "
            + "\(model.identifier)、SHA-256 は \(model.digest) で、ファイルは本書の付属書です。256 アドレスごとの "
            + "\(networkCount) 範囲の件数と、悪用の多いホスティング事業者の \(hosterCount) 範囲を収めています。"
            + "IPv6 アドレスに評価値はありません。")),
      .paragraph(
        Phrase(
          en:
            "The score is the base value \(ModelText.points(model.base)) and one row of each table below. "
            + "Thresholds, set on ordinary addresses that the model never saw: "
            + "\(ModelText.points(limits.oneIn100)) (1 / 100), \(ModelText.points(limits.oneIn1000)) (1 / 1,000), "
            + "\(ModelText.points(limits.oneIn10000)) (1 / 10,000). As soon as a name is known, the name is "
            + "judged and these tables count nothing.",
          ja: "評価値は、基本の値 \(ModelText.points(model.base)) に以下の各表の 1 行ずつを加えた合計です。しきい値は、学習に使っていない一般の"
            + "アドレスで決めた \(ModelText.points(limits.oneIn100))（1 / 100）、"
            + "\(ModelText.points(limits.oneIn1000))（1 / 1,000）、\(ModelText.points(limits.oneIn10000))"
            + "（1 / 10,000）です。名前が分かる場合は名前で判定し、これらの表は使いません。")),
    ]
  }

  private func addTables(_ document: inout DisclosureDocument, _ language: Language) {
    for table in AddressTable.allCases {
      let shown = (rows[table] ?? []).map { row in
        (label: table.label(table.row(row.count)).text(in: language), value: row.value)
      }
      document.blocks += [
        .heading(table.phrase),
        .figure(
          svg: DisclosureDocument.bars(shown, title: table.phrase.text(in: language)),
          caption: Phrase(en: "\(table.phrase.en): points", ja: "\(table.phrase.ja): 点数")),
        .table(
          header: [Phrase(en: "row", ja: "行"), Phrase(en: "value", ja: "値")],
          rows: shown.map { [$0.label, ModelText.points($0.value)] }),
      ]
    }
  }

  private func addExample(_ document: inout DisclosureDocument, _ example: IPAddress, _ language: Language) {
    guard let score = model.score(example) else { return }
    let rows =
      [(Phrase(en: "base value", ja: "基本の値"), score.base)]
      + score.terms.map { ($0.phrase, $0.value) }
      + [(Phrase(en: "Sum: the score", ja: "合計（評価値）"), score.hundredths)]
    let percent = TrainingReport.number(model.probability(score) * 100, 1)
    document.blocks += [
      .heading(Phrase(en: "Worked example: an address", ja: "計算例: アドレス")),
      .paragraph(
        Phrase(
          en:
            "The address \(example). Probability among equally many harmful and ordinary ones: \(percent) %.",
          ja: "アドレス \(example)。有害なアドレスと一般のアドレスが同数の場合の確率は \(percent) % です。")),
      .table(
        header: [Phrase(en: "what was counted", ja: "数えたもの"), Phrase(en: "value", ja: "値")],
        rows: rows.map { [$0.0.text(in: language), ModelText.points($0.1)] }),
    ]
  }

  private func addQuality(_ document: inout DisclosureDocument, _ language: Language) {
    document.blocks += [
      .heading(Phrase(en: "Measured quality for addresses", ja: "アドレスについて実測した品質")),
      .paragraph(
        Phrase(
          en:
            "Share of harmful addresses found at false alarms of 1, 0.1 and 0.01 %, measured on addresses first "
            + "listed after everything the model knew. Limits: an innocent server beside harmful ones looks like "
            + "them; the ordinary addresses were drawn at random and are not those that people visit.",
          ja: "モデルが知る掲載よりも後に初めて掲載されたアドレスで測った、誤検知率 1 %・0.1 %・0.01 % での検出率です。限界: 有害なサーバーの"
            + "近くにある無害なサーバーは見分けられません。一般のアドレスは無作為に選んだもので、実際に利用されるアドレスとは異なります。")),
      Disclosure.qualities(about, counted: Phrase(en: "addresses", ja: "件数"), language),
    ]
  }
}
