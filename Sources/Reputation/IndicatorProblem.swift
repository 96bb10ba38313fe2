public import Language

/// A line of a list that gave no indicator, or not all that it said.
public struct IndicatorProblem: Hashable, Sendable, Codable {
  public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
    case notAnIndicator = "not-an-indicator"
    case url
    case nameWithPort = "name-with-port"
    case tooBroad = "too-broad"
    case topLevelDomain = "top-level-domain"
    case specialAddress = "special-address"
    case privateAddress = "private-address"
    case invalidText = "invalid-text"
    case unexpectedText = "unexpected-text"
    case lineTooLong = "line-too-long"
    case quoting
    case missingField = "missing-field"
    /// The indicator is kept, without its date.
    case invalidDate = "invalid-date"
    /// The indicator is kept, with the source's confidence.
    case invalidConfidence = "invalid-confidence"
    case hostsAddress = "hosts-address"
    case missingName = "missing-name"
  }

  public let code: Code
  public let file: String
  /// Counted from 1; for a CSV record over several lines its first one.
  public let line: Int
  /// The offending text: printable ASCII, everything else escaped, at most `excerptLimit` characters.
  public let excerpt: String

  /// Most characters of an excerpt, its ellipsis included.
  public static let excerptLimit = 60

  /// What was expected, and what can be done.
  public var expected: Phrase {
    switch code {
    case .notAnIndicator:
      Phrase(
        en: "expected an address (with or without a port), a prefix, a domain name, a JA4 fingerprint or a "
          + "certificate's SHA-1 or SHA-256",
        ja: "アドレス（ポート付きも可）、プレフィックス、ドメイン名、JA4 フィンガープリント、"
          + "証明書の SHA-1・SHA-256 のいずれでもありません")
    case .url:
      Phrase(
        en: "a URL of one page is no indicator here: list its host alone, or set url-hosts: true",
        ja: "特定のページの URL は指定できません。ホストだけを記載するか、url-hosts: true を設定してください")
    case .nameWithPort:
      Phrase(
        en: "a name with a port is no indicator here: list the name alone if all of it is bad",
        ja: "ポート付きの名前は指定できません。名前全体が対象なら、名前だけを記載してください")
    case .tooBroad:
      Phrase(
        en: "too broad: prefixes of /\(IndicatorScope.shortestIPv4) (IPv4) or "
          + "/\(IndicatorScope.shortestIPv6) (IPv6) and longer are accepted",
        ja: "範囲が広すぎます。IPv4 は /\(IndicatorScope.shortestIPv4)、IPv6 は "
          + "/\(IndicatorScope.shortestIPv6) 以上の長さにしてください")
    case .topLevelDomain:
      Phrase(
        en: "a single label would cover a whole top-level domain: expected at least two labels",
        ja: "ラベルが 1 つではトップレベルドメイン全体が対象になります。2 つ以上のラベルが必要です")
    case .specialAddress:
      Phrase(
        en: "loopback, link-local, multicast and other special addresses are no destinations to judge",
        ja: "ループバック、リンクローカル、マルチキャストなどの特殊アドレスは判定対象になりません")
    case .privateAddress:
      Phrase(
        en: "private addresses are refused unless the source is set to accept them",
        ja: "プライベートアドレスは、情報源の設定で許可しない限り受け付けません")
    case .invalidText:
      Phrase(en: "the text is not UTF-8", ja: "UTF-8 として読めない文字列です")
    case .unexpectedText:
      Phrase(
        en: "expected one indicator on the line; read a table as CSV",
        ja: "1 行に 1 つの脅威指標が必要です。表形式の場合は CSV として読み込んでください")
    case .lineTooLong:
      Phrase(en: "the line is too long", ja: "行が長すぎます")
    case .quoting:
      Phrase(
        en: "a quoted field does not end as RFC 4180 asks",
        ja: "引用符で囲まれた値の終わり方が RFC 4180 に合いません")
    case .missingField:
      Phrase(
        en: "the record has no value in the indicator's column",
        ja: "脅威指標の列に値がありません")
    case .invalidDate:
      Phrase(
        en: "expected a date and time; the indicator is kept without it",
        ja: "日時として読めません。脅威指標は日時なしで採用しました")
    case .invalidConfidence:
      Phrase(
        en: "the confidence is outside 0...1; the indicator is kept with the source's",
        ja: "信頼度が 0～1 の範囲にありません。脅威指標は情報源の信頼度で採用しました")
    case .hostsAddress:
      Phrase(
        en: "expected 0.0.0.0, 127.0.0.1, :: or ::1 before the names",
        ja: "名前の前には 0.0.0.0、127.0.0.1、::、::1 のいずれかが必要です")
    case .missingName:
      Phrase(en: "expected a name after the address", ja: "アドレスの後に名前が必要です")
    }
  }

  /// `file:line: “excerpt”: what was expected`.
  public var message: Phrase {
    Phrase(
      en: "\(file):\(line): “\(excerpt)”: \(expected.en)",
      ja: "\(file):\(line): 「\(excerpt)」: \(expected.ja)")
  }
}

extension IndicatorProblem: CustomStringConvertible {
  public var description: String { message.en }
}

extension IndicatorProblem {
  /// Printable ASCII stands for itself, any other byte (and the backslash) as `\xHH`: a list is
  /// foreign text, and its terminal sequences must not reach a terminal.
  public static func excerpt(of bytes: Span<UInt8>) -> String {
    var text = ""
    var length = 0
    // Where to cut when the whole does not fit.
    var cut = text.endIndex
    for index in bytes.indices {
      let byte = bytes[index]
      let isPlain = byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
      length += isPlain ? 1 : 4
      guard length <= excerptLimit else { return text[..<cut] + ellipsis }
      if isPlain {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
      }
      if length + ellipsis.count <= excerptLimit { cut = text.endIndex }
    }
    return text
  }

  private static let ellipsis = "..."
}
