package import Language

/// A table of the address model: what is counted around an address, and from which count on each row is.
package enum AddressTable: String, CaseIterable, Sendable {
  /// Listed addresses in the /24 of the address.
  case near24 = "listed-in-24"
  /// Listed addresses in the /20 around it, without its /24.
  case near20 = "listed-in-20"
  /// Listed addresses in the /16 around it, without its /20.
  case near16 = "listed-in-16"
  /// 1 when the address is in a range of a hoster that is often abused.
  case hoster

  /// The lowest count of each row, ascending from 0.
  package var rows: [Int] {
    switch self {
    case .near24: [0, 1, 2, 3, 5, 10, 20]
    case .near20: [0, 1, 2, 4, 8, 16, 32]
    case .near16: [0, 1, 4, 16, 64, 256, 1024]
    case .hoster: [0, 1]
    }
  }

  /// The place of the row that a count belongs to.
  package func row(_ count: Int) -> Int { (rows.lastIndex { $0 <= count }) ?? 0 }

  /// What the rows are, for the document.
  package var phrase: Phrase {
    switch self {
    case .near24: Phrase(en: "Listed addresses in the same /24", ja: "同じ /24 にある掲載アドレスの数")
    case .near20:
      Phrase(en: "Listed addresses in the /20, outside the /24", ja: "/20 のうち /24 以外にある掲載アドレスの数")
    case .near16:
      Phrase(en: "Listed addresses in the /16, outside the /20", ja: "/16 のうち /20 以外にある掲載アドレスの数")
    case .hoster: Phrase(en: "Range of a hoster that is often abused", ja: "悪用の多いホスティング事業者の範囲")
    }
  }

  /// How the rows of the document read: `3 to 4`, `20 and more`.
  package func label(_ place: Int) -> Phrase {
    if self == .hoster { return place == 0 ? Phrase(en: "no", ja: "いいえ") : Phrase(en: "yes", ja: "はい") }
    let low = rows[place]
    guard place + 1 < rows.count else { return Phrase(en: "\(low) and more", ja: "\(low) 以上") }
    let high = rows[place + 1] - 1
    return low == high ? Phrase(verbatim: "\(low)") : Phrase(en: "\(low) to \(high)", ja: "\(low)～\(high)")
  }
}
