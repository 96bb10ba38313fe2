public import ConfigurationFile
import FoundationEssentials
import HTTPTransport
import Language
import NetworkTypes
import Reputation

extension FeedSource {
  /// Reads one entry of `reputation.sources`. Problems are reported to the section.
  ///
  /// - Parameter folder: relative paths begin there: where the configuration stands.
  public init?(_ section: ConfigurationSection, folder: String) {
    defer { section.finish() }
    let reader = FeedSectionReader(section: section, folder: folder)
    let id = section.requiredText("id", example: "own-list")
    let origin = reader.origin()
    let word = section.choice("format", of: FeedFormatWord.self) ?? .plain
    let format = reader.format(word)
    let reputation = ReputationSource(
      id: id ?? "", name: section.text("name") ?? id ?? "",
      category: section.choice("category", of: ReputationCategory.self) ?? .malware,
      confidence: section.number("confidence", in: 0...1) ?? 0.9, licence: section.text("licence") ?? "",
      file: origin?.text ?? "",
      format: format.flatMap { if case .list(let list) = $0 { list } else { nil } } ?? .plain,
      includesSubdomains: section.flag("sub-domains") ?? true,
      acceptsPrivateAddresses: section.flag("private-addresses") ?? false,
      acceptsURLHosts: section.flag("url-hosts") ?? false)
    let times = reader.times(isStream: word == .crowdsec)
    let limits = reader.limits()
    let percent = section.integer("shrink-guard-percent", in: 0...100) ?? 50
    reader.check(word, origin)
    guard let id, let origin, let format else { return nil }
    guard !id.isEmpty, id.utf8.count <= 64 else {
      section.report(
        .invalid, "id", Phrase(en: "1 to 64 bytes are expected.", ja: "1～64 バイトの文字列にしてください。"))
      return nil
    }
    self.init(
      reputation: reputation, format: format, origin: origin, limits: limits, every: times.every,
      minimumInterval: times.minimum, staleAfter: times.stale, smallestShare: Double(percent) / 100)
  }
}

/// Reads the parts of a feed's section.
private struct FeedSectionReader {
  let section: ConfigurationSection
  let folder: String

  func path(_ text: String) -> String {
    URL(filePath: text, relativeTo: URL(filePath: folder, directoryHint: .isDirectory)).path
  }

  // MARK: Where

  func origin() -> FeedSource.Origin? {
    let file = section.text("file")
    let url = section.text("url")
    let credential = credential()
    let authority = section.text("ca").map(path)
    let pins = section.texts("pin").compactMap { item -> PublicKeyPin? in
      if let pin = PublicKeyPin(item.text) { return pin }
      section.report(
        .invalid, "pin",
        Phrase(
          en: "“sha256//” and 44 characters of Base64 are expected: the SHA-256 of the server's public key.",
          ja: "「sha256//」と Base64 44 文字（サーバー公開鍵の SHA-256）で書いてください。"))
      return nil
    }
    let plainText = section.flag("plain-text") ?? false
    switch (file, url) {
    case (let file?, nil):
      return .file(path(file))
    case (nil, let text?):
      guard let url = address(text) else { return nil }
      var address = FeedAddress(url: url, credential: credential)
      address.tls = TLSSettings(authorityFile: authority, pins: pins)
      address.permitsPlainText = plainText || isLoopback(url)
      checkPlainText(url, plainText: plainText, hasCredential: credential != nil)
      return .web(address)
    case (nil, nil):
      section.report(
        .missingKey, "file",
        Phrase(
          en: "Either file or url is required, for example: file: lists/bad.txt",
          ja: "file か url のどちらかが必要です。例: file: lists/bad.txt"))
      return nil
    case (_?, _?):
      section.report(
        .invalid, "url", Phrase(en: "Give file or url, not both.", ja: "file と url はどちらか一方だけにしてください。"))
      return nil
    }
  }

  private func address(_ text: String) -> HTTPURL? {
    do throws(HTTPURLError) {
      return try HTTPURL(text)
    } catch {
      section.report(.invalid, "url", error.message)
      return nil
    }
  }

  private func isLoopback(_ url: HTTPURL) -> Bool {
    guard let address = IPAddress(url.host) else { return url.host == "localhost" }
    return address.ipv4.map { $0 >> 24 == 127 } ?? (address.high == 0 && address.low == 1)
  }

  private func checkPlainText(_ url: HTTPURL, plainText: Bool, hasCredential: Bool) {
    guard url.scheme == .http, !isLoopback(url) else { return }
    if !plainText {
      section.report(
        .invalid, "url",
        Phrase(
          en: "Anyone on the way can change a list that comes by http. Use https, or set plain-text: true.",
          ja: "http で取得するリストは途中で改ざんされる恐れがあります。https にするか、plain-text: true を設定してください。"))
    } else if hasCredential {
      section.report(
        .invalid, "url",
        Phrase(
          en: "A credential is never sent by http to another host. Use https.",
          ja: "認証情報を他のホストへ http で送ることはできません。https にしてください。"))
    }
  }

  private func credential() -> FeedAddress.Credential? {
    let user = section.text("user")
    let password = section.secret("password", as: SecretReference.self)
    let key = section.secret("api-key", as: SecretReference.self)
    let field = section.text("api-key-field")
    if let key {
      if user != nil || section.contains("password") {
        section.report(
          .invalid, "api-key",
          Phrase(
            en: "Give user and password, or an API key, not both.",
            ja: "user・password と api-key はどちらか一方だけにしてください。"))
      }
      return .key(field: field ?? "X-Api-Key", key)
    }
    if let user, let password { return .basic(user: user, password: password) }
    if (user != nil) != section.contains("password") {
      section.report(
        .missingKey, user == nil ? "user" : "password",
        Phrase(en: "User and password go together.", ja: "user と password は両方指定してください。"))
    }
    return nil
  }

  // MARK: How

  func format(_ word: FeedFormatWord) -> FeedFormat? {
    let csv = section.section("csv")
    let rpz = section.section("rpz")
    let suricata = section.section("suricata")
    let stix = section.section("stix")
    let taxii = section.section("taxii")
    let misp = section.section("misp")
    let crowdsec = section.section("crowdsec")
    belongs("csv", to: [.csv], word)
    belongs("rpz", to: [.rpz], word)
    belongs("suricata", to: [.suricataReputation, .suricataDataset], word)
    belongs("stix", to: [.stix, .taxii], word)
    belongs("taxii", to: [.taxii], word)
    belongs("misp", to: [.misp], word)
    belongs("crowdsec", to: [.crowdsec], word)

    let layout = csvLayout(csv)
    let localData = rpz.flag("local-data") ?? false
    let score = suricata.integer("minimum-score", in: 0...65_535) ?? 0
    let categories = categories(suricata)
    let dataset = suricata.choice("type", of: DatasetType.self) ?? .string
    let confidence = stix.integer("minimum-confidence", in: 0...100) ?? 0
    let maximumAge = misp.duration("maximum-age", in: .seconds(86_400)...(.seconds(3650 * 86_400)))
    let types = Set(crowdsec.texts("types").map(\.text))
    let root = taxii.text("api-root")
    let collection = word == .taxii ? taxii.requiredText("collection", example: "indicators") : nil
    for part in [csv, rpz, suricata, stix, misp, crowdsec] { part.finish() }
    _ = taxii.text("collection")
    taxii.finish()
    switch word {
    case .plain: return .list(.plain)
    case .csv: return .list(.csv(layout))
    case .hosts: return .list(.hosts)
    case .adblock: return .adblock
    case .dnsmasq: return .dnsmasq
    case .unbound: return .unbound
    case .rpz: return .policyZone(localData: localData)
    case .suricataReputation: return .reputationList(minimumScore: score, categories: categories)
    case .suricataDataset: return .dataset(dataset, minimumScore: score)
    case .spamhaus: return .spamhaus
    case .misp: return .misp(maximumAge: maximumAge)
    case .stix: return .stix(minimumConfidence: confidence)
    case .taxii:
      return collection.map {
        .taxii(TAXIICollection(root: root, name: $0), minimumConfidence: confidence)
      }
    case .crowdsec: return .crowdsec(types: types.isEmpty ? ["ban"] : types)
    }
  }

  /// Reports a section of another format.
  private func belongs(_ key: String, to formats: [FeedFormatWord], _ word: FeedFormatWord) {
    guard section.contains(key), !formats.contains(word) else { return }
    let words = formats.map(\.rawValue)
    section.report(
      .invalid, key,
      Phrase(
        en: "This goes with format: \(words.joined(separator: " or ")) only.",
        ja: "この設定は format: \(words.joined(separator: " または ")) の場合にのみ使えます。"))
  }

  private func csvLayout(_ csv: ConfigurationSection) -> CSVLayout {
    func column(_ word: String) -> CSVLayout.Column { Int(word).map { .number(max(1, $0)) } ?? .name(word) }
    let separator = csv.text("separator")
    if let separator, separator.utf8.count != 1 || separator == "\"" {
      csv.report(
        .invalid, "separator",
        Phrase(en: "One ASCII character is expected, for example “;”.", ja: "ASCII 文字を 1 つ書いてください（例: 「;」）。"))
    }
    return CSVLayout(
      indicator: column(csv.text("column") ?? "1"), port: csv.text("port-column").map(column),
      since: csv.text("since-column").map(column), separator: separator?.utf8.first ?? UInt8(ascii: ","),
      hasHeader: csv.flag("header") ?? false)
  }

  /// Numbers of Suricata's categories; a name is looked up in the categories file.
  private func categories(_ suricata: ConfigurationSection) -> Set<Int> {
    let wanted = suricata.texts("categories")
    var names: [String: Int] = [:]
    if let file = suricata.text("categories-file") {
      if let bytes = try? FeedStore.contents(of: path(file), limit: 1 << 20, feed: "") {
        names = Self.categoryNames(String(decoding: bytes, as: UTF8.self))
      } else {
        suricata.report(
          .unreadable, "categories-file",
          Phrase(en: "The file cannot be read.", ja: "ファイルを読み込めません。"))
      }
    }
    var numbers: Set<Int> = []
    for item in wanted {
      if let number = Int(item.text), (1...60).contains(number) {
        numbers.insert(number)
      } else if let number = names[item.text.lowercased()] {
        numbers.insert(number)
      } else {
        let hint = NearestKey.suggestion(for: item.text, among: names.keys)
        suricata.report(
          .invalid, "categories",
          Phrase(
            en: "“\(item.text)” is neither a number from 1 to 60 nor in the categories file."
              + (hint.map { " Did you mean “\($0)”?" } ?? ""),
            ja: "「\(item.text)」は 1～60 の番号でも、カテゴリファイルにある名前でもありません。"
              + (hint.map { "「\($0)」ではありませんか。" } ?? "")))
      }
    }
    return numbers
  }

  /// `1,BadHosts,Known bad hosts`.
  private static func categoryNames(_ text: String) -> [String: Int] {
    var names: [String: Int] = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let fields = line.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
      if fields.count >= 2, let number = Int(fields[0].trimmed), (1...60).contains(number) {
        names[fields[1].trimmed.lowercased()] = number
      }
    }
    return names
  }

  // MARK: When, and within which bounds

  func times(isStream: Bool) -> (every: Duration, minimum: Duration, stale: Duration?) {
    let week = Duration.seconds(7 * 86_400)
    let every = section.duration("every", in: .seconds(5)...week)
    let minimum = section.duration("minimum-interval", in: .seconds(5)...week)
    let stale = section.duration("stale-after", in: .seconds(60)...(week * 52))
    return (every ?? .seconds(isStream ? 10 : 3600), minimum ?? .seconds(isStream ? 5 : 10), stale)
  }

  func limits() -> FeedLimits {
    let limits = section.section("limits")
    let mebibytes = limits.integer("mebibytes", in: 1...2047)
    let indicators = limits.integer("indicators", in: 1...100_000_000)
    let line = limits.integer("line-bytes", in: 64...(16 << 20))
    let time = limits.duration("time", in: .seconds(1)...(.seconds(6 * 3600)))
    limits.finish()
    return FeedLimits(
      list: ListLimits(
        bytes: (mebibytes ?? 256) << 20, indicators: indicators ?? 20_000_000, lineBytes: line ?? 8192),
      time: time ?? .seconds(300))
  }

  /// Reports what the format and the place do not allow together.
  func check(_ word: FeedFormatWord, _ origin: FeedSource.Origin?) {
    guard case .file? = origin else { return }
    if word == .taxii || word == .crowdsec {
      section.report(
        .invalid, "file",
        Phrase(
          en: "format: \(word.rawValue) speaks to a server: give its url.",
          ja: "format: \(word.rawValue) はサーバーと通信する形式です。url を指定してください。"))
    }
    for key in ["user", "password", "api-key", "api-key-field", "ca", "pin", "plain-text"]
    where section.contains(key) {
      section.report(
        .invalid, key, Phrase(en: "This goes with url only.", ja: "この設定は url の場合にのみ使えます。"))
    }
  }
}
