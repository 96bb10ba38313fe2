public import Detection
public import Language
public import NetworkTypes

/// The document that tells a customer how names and bare addresses are judged, made from the model files
/// alone.
///
/// Tables by number stand in it whole, with a plot; of tables by text it shows the strongest entries, and
/// the model file, which is readable, is its annex with all of them.
public struct Disclosure: Sendable {
  private let bytes: [UInt8]
  private let model: NameModel
  private let addresses: AddressDisclosure?
  private var about: [(key: String, value: String)] = []
  private var entries: [NameTerm: [(text: String, naming: Int, generated: Int)]] = [:]

  private static let shownEntries = 20

  /// - Parameter addresses: the model file of addresses; `nil` when they are not judged.
  public init(model bytes: [UInt8], addresses: [UInt8]? = nil) throws(ModelFileError) {
    self.bytes = bytes
    model = try NameModel(bytes.span)
    if let addresses { self.addresses = try AddressDisclosure(addresses) } else { self.addresses = nil }
    var about: [(key: String, value: String)] = []
    var entries: [NameTerm: [(text: String, naming: Int, generated: Int)]] = [:]
    let span = bytes.span
    try ModelText.read(
      span, firstLine: NameModelSection.firstLine, sections: NameModelSection.byHeading
    ) { (section, first, second, third, _) throws(ModelFileError) in
      switch section {
      case .about: about.append((ModelText.text(span, first), ModelText.text(span, second)))
      case .table(let term):
        entries[term, default: []].append(
          (
            ModelText.text(span, first), ModelText.hundredths(span, second) ?? 0,
            ModelText.hundredths(span, third) ?? 0
          ))
      default: break
      }
    }
    self.about = about
    self.entries = entries
  }

  public func markdown(
    _ language: Language, example: DomainName, address: IPAddress = exampleAddress
  ) -> String {
    document(language, example, address).markdown(language)
  }

  public func html(
    _ language: Language, example: DomainName, address: IPAddress = exampleAddress
  ) -> String {
    document(language, example, address).html(language)
  }

  /// 192.0.2.1, of the range for documentation (RFC 5737).
  public static let exampleAddress = IPAddress(ipv4: 0xC000_0201)

  private func document(
    _ language: Language, _ example: DomainName, _ address: IPAddress
  ) -> DisclosureDocument {
    var document = DisclosureDocument(
      title: Phrase(en: "Algorithm disclosure: how destinations are judged", ja: "アルゴリズム開示書: 宛先の判定方法"))
    addPurpose(&document)
    addThresholds(&document)
    addTraining(&document, language)
    addMethod(&document)
    addExample(&document, example, language)
    addTables(&document, language)
    addresses?.add(to: &document, example: address, language)
    return document
  }

  private func addPurpose(_ document: inout DisclosureDocument) {
    document.blocks += [
      .paragraph(
        Phrase(
          en:
            "This document describes model \(model.identifier). SHA-256 of the model file: \(model.digest). The "
            + "file is text and is the annex of this document: every number used is in it.",
          ja: "本書はモデル \(model.identifier) を説明します。モデルファイルの SHA-256 は \(model.digest) です。"
            + "モデルファイルはテキスト形式の付属書で、計算に使う数値はすべて記載されています。")),
      .heading(Phrase(en: "Purpose", ja: "目的")),
      .paragraph(
        Phrase(
          en:
            "The model says how much a domain name looks like names that were used for harm. Exact listings by "
            + "reputation sources are judged apart; this model serves for names that no list holds yet.",
          ja: "ドメイン名が、過去に悪用された名前にどの程度似ているかを点数で表します。情報源への掲載は別に判定し、"
            + "このモデルは、まだどの情報源にも掲載されていない名前を対象とします。")),
      .heading(Phrase(en: "What is used", ja: "使用する情報")),
      .paragraph(
        Phrase(
          en: "The registered domain: one label and the public suffix under it."
            + (addresses == nil ? "" : " Where no name is known, the address contacted.") + " Nothing else.",
          ja: "登録ドメイン（公開サフィックスとその直前の 1 ラベル）"
            + (addresses == nil ? "" : "と、名前が分からない場合の接続先アドレス") + "だけを使います。")),
      .heading(Phrase(en: "What is not used", ja: "使用しない情報")),
      .paragraph(
        Phrase(
          en:
            "No address, device, user, account, time, volume, content or history of who asks; no popularity of the "
            + "name; no other name asked for. The program's type for what is scored has no field for any of these.",
          ja: "接続元のアドレス・端末・利用者・アカウント・時刻・通信量・通信内容・履歴は使いません。名前の人気度や、"
            + "ほかに問い合わせた名前も使いません。プログラム上も、評価対象の型にこれらの項目はありません。")),
    ]
  }

  private func addThresholds(_ document: inout DisclosureDocument) {
    let limits = model.thresholds
    document.blocks += [
      .heading(Phrase(en: "Thresholds", ja: "しきい値")),
      .paragraph(
        Phrase(
          en:
            "Set by training on ordinary names that the model never saw. A name blocks by itself from the third "
            + "on (from the second as the customer's option). A popular name, or a suffix under which anybody can "
            + "register, is never blocked on its score.",
          ja: "学習に使っていない一般の名前で決めた値です。3 行目の値以上で、名前だけによる遮断を行います（お客様の選択により "
            + "2 行目）。利用者の多い名前と、誰でも配下に登録できる名前は、評価値だけでは遮断しません。")),
      .table(
        header: [
          Phrase(en: "ordinary names above", ja: "これ以上となる一般の名前"), Phrase(en: "score", ja: "評価値"),
        ],
        rows: [
          ["1 / 100", ModelText.points(limits.oneIn100)],
          ["1 / 1,000", ModelText.points(limits.oneIn1000)],
          ["1 / 10,000", ModelText.points(limits.oneIn10000)],
        ]),
    ]
  }

  /// What the model file calls its figures, in words.
  private static func label(_ key: String) -> Phrase {
    switch key {
    case "ordinary-names": Phrase(en: "ordinary names", ja: "一般の名前")
    case "harmful-names": Phrase(en: "harmful names", ja: "有害な名前")
    case "generated-names": Phrase(en: "generated names of malware", ja: "マルウェアが自動生成した名前")
    case "synthetic-names": Phrase(en: "generated names made for training", ja: "学習用に合成した自動生成の名前")
    case "last two months": Phrase(en: key, ja: "直近 2 か月に初めて掲載")
    case "the two months before": Phrase(en: key, ja: "その前の 2 か月に初めて掲載")
    case "unseen families": Phrase(en: key, ja: "学習に含まれない系統")
    case "unseen generators": Phrase(en: key, ja: "学習に含まれない自動生成の系統")
    default: Phrase(verbatim: key)
    }
  }

  private func addTraining(_ document: inout DisclosureDocument, _ language: Language) {
    document.blocks += [
      .heading(Phrase(en: "Training and measured quality", ja: "学習方法と実測した品質")),
      .paragraph(
        Phrase(
          en:
            "Two logistic regressions over the tables below, without interactions other than the tables that say "
            + "so, by a fixed procedure that gives the same file from the same data. Families of harmful names "
            + "are damped so that large ones do not decide alone; newly listed names count more.",
          ja: "以下の表に対するロジスティック回帰 2 本です（交互作用は、二つの形の組と明記した表だけ）。同じデータからは必ず同じファイルができます。大きな系統だけで"
            + "決まらないよう系統ごとの重みを抑え、新しく掲載された名前を重く扱います。")),
      .table(
        header: [Phrase(en: "item", ja: "項目"), Phrase(en: "value", ja: "値")],
        rows: about.filter { !$0.key.hasPrefix("quality ") }.map {
          [Self.label($0.key).text(in: language), $0.value]
        }),
      .paragraph(
        Phrase(
          en:
            "Share of harmful names found at false alarms of 1, 0.1 and 0.01 %, measured on names, months and "
            + "families held out of training. Limits: the ordinary names come from ranking lists, some of which "
            + "are themselves harmful; a campaign with names unlike all earlier ones is not found; most harmful "
            + "names look ordinary and score low.",
          ja: "学習から除いた名前・月・系統で測った、誤検知率 1 %・0.1 %・0.01 % での検出率です。限界: 一般の名前は人気順位表に由来し、"
            + "その中には有害なものも含まれます。過去に例のない命名の攻撃は検出できません。有害な名前の多くは普通の名前に見え、"
            + "評価値は低くなります。")),
      Self.qualities(about, counted: Phrase(en: "names", ja: "件数"), language),
    ]
  }

  /// What the model file says of its quality, as a table.
  static func qualities(
    _ about: [(key: String, value: String)], counted: Phrase, _ language: Language
  ) -> DisclosureDocument.Block {
    .table(
      header: [
        Phrase(en: "held out", ja: "検証データ"), counted, Phrase(verbatim: "AUC"),
        Phrase(verbatim: "1 %"), Phrase(verbatim: "0.1 %"), Phrase(verbatim: "0.01 %"),
        Phrase(en: "mean over families at 0.1 %", ja: "系統平均（0.1 %）"),
      ],
      rows: about.filter { $0.key.hasPrefix("quality ") }.map { item in
        [label(String(item.key.dropFirst("quality ".count))).text(in: language)]
          + item.value.split(separator: " ").map(String.init)
      })
  }

  private func addMethod(_ document: inout DisclosureDocument) {
    document.blocks += [
      .heading(Phrase(en: "How to recompute a score by hand", ja: "評価値を手計算で求める方法")),
      .steps([
        Phrase(
          en: "Find the registered domain with the table of suffixes.", ja: "サフィックスの表で登録ドメインを求めます。"),
        Phrase(
          en:
            "Look up one row in every table by number and every entry that occurs in the tables by text; what is "
            + "not there counts 0.",
          ja: "番号で引く表からは 1 行ずつ、文字列で引く表からは該当する項目をすべて取り出します。表にないものは 0 です。"),
        Phrase(
          en:
            "Add the sequences of characters apart; for a label longer than ten characters multiply their sum by "
            + "10 and divide by its length, dropping what is beyond two decimals.",
          ja: "文字の並びの値だけを別に合計し、ラベルが 10 文字を超えるときは 10 を掛けて文字数で割り、"
            + "小数第 3 位以下を切り捨てます。"),
        Phrase(
          en: "Add all values of a column. The larger of the two columns is the score. All values are whole "
            + "hundredths, so the order does not matter.",
          ja: "列ごとにすべて足し、大きいほうの列が評価値です。値はすべて 0.01 の整数倍なので、足す順序で結果は変わりません。"),
      ]),
    ]
  }

  private func addExample(_ document: inout DisclosureDocument, _ example: DomainName, _ language: Language) {
    guard let told = model.explanation(of: example) else { return }
    var rows: [[String]] = []
    for term in told.terms where term.value != 0 || !term.entries.isEmpty {
      let entries = term.entries.map { "\($0.text): \(ModelText.points($0.value))" }.joined(
        separator: ", ")
      rows.append([term.table.phrase.text(in: language), entries, ModelText.points(term.value)])
    }
    rows.append([
      Phrase(en: "Sum: the score", ja: "合計（評価値）").text(in: language), "", ModelText.points(told.sum),
    ])
    let percent = TrainingReport.number(model.probability(told.score) * 100, 1)
    document.blocks += [
      .heading(Phrase(en: "Worked example", ja: "計算例")),
      .paragraph(
        Phrase(
          en: "The name \(told.name), scored as \(told.registered); the larger sum is that for "
            + "\(told.head.phrase.en). Probability among equally many harmful and ordinary names: \(percent) %.",
          ja: "名前 \(told.name)、評価の対象 \(told.registered)。大きいほうの合計は「\(told.head.phrase.ja)」です。有害な名前と一般の名前が"
            + "同数の場合の確率は \(percent) % です。")),
      .table(
        header: [
          Phrase(en: "table", ja: "表"), Phrase(en: "entries and values", ja: "該当する項目と値"),
          Phrase(en: "value", ja: "値"),
        ], rows: rows),
    ]
  }

  private func addTables(_ document: inout DisclosureDocument, _ language: Language) {
    let columns = [Phrase(en: "malicious naming", ja: "悪性の命名"), Phrase(en: "generated name", ja: "自動生成")]
    for term in NameTerm.allCases {
      let all = entries[term] ?? []
      document.blocks.append(.heading(term.phrase))
      document.blocks.append(.paragraph(TableMeaning.phrase(term)))
      var shown = all
      if term.binCount == nil {
        shown = all.sorted { max(abs($0.naming), abs($0.generated)) > max(abs($1.naming), abs($1.generated)) }
        shown = Array(shown.prefix(Self.shownEntries))
        document.blocks.append(
          .paragraph(
            Phrase(
              en:
                "\(all.count) entries; the \(shown.count) strongest. All are in the annex, section [\(term.identifier)].",
              ja: "全 \(all.count) 項目のうち値の大きい \(shown.count) 項目。全項目は付属書の [\(term.identifier)] にあります。")))
      } else if all.count > 1 {
        for (place, column) in columns.enumerated() {
          let values = all.map { (label: $0.text, value: place == 0 ? $0.naming : $0.generated) }
          let title = term.phrase.text(in: language)
          document.blocks.append(
            .figure(
              svg: term.columns == nil
                ? DisclosureDocument.bars(values, title: title)
                : DisclosureDocument.squares(values, title: title),
              caption: Phrase(
                en: "\(term.phrase.en): points for “\(column.en)”", ja: "\(term.phrase.ja): 「\(column.ja)」の点数"
              )))
        }
      }
      document.blocks.append(
        .table(
          header: [Phrase(en: "row", ja: "行")] + columns,
          rows: shown.map { [$0.text, ModelText.points($0.naming), ModelText.points($0.generated)] }))
    }
  }
}
