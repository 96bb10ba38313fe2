public import Language
import NetworkTypes

/// The score of an address, taken apart.
public struct AddressScore: Hashable, Sendable {
  /// The row of a table.
  public struct Term: Hashable, Sendable {
    /// Identifier of the table.
    public let table: String
    /// In hundredths of points.
    public let value: Int
    /// What was counted.
    public let phrase: Phrase
  }

  /// In hundredths of points, the same for every address.
  public let base: Int
  /// In the order of the tables.
  public let terms: [Term]
  /// The base value and all terms.
  public let hundredths: Int

  init(_ address: IPAddress, _ around: AddressSurroundings, base: Int, value: (AddressTable, Int) -> Int) {
    self.base = base
    terms = AddressTable.allCases.map { table in
      Term(
        table: table.rawValue, value: value(table, table.row(around.count(table))),
        phrase: Self.phrase(table, around, address))
    }
    hundredths = terms.reduce(base) { $0 + $1.value }
  }

  private static func phrase(
    _ table: AddressTable, _ around: AddressSurroundings, _ address: IPAddress
  ) -> Phrase {
    func network(_ length: Int) -> String { IPPrefix(address, length: length).map { "\($0)" } ?? "" }
    switch table {
    case .near24:
      return Phrase(
        en: "listed addresses in \(network(24)) when the model was made: \(around.near24)",
        ja: "モデル作成時点で \(network(24)) にあった掲載アドレス: \(around.near24) 件")
    case .near20:
      return Phrase(
        en: "listed addresses in \(network(20)) beside these: \(around.near20)",
        ja: "そのほか \(network(20)) にあった掲載アドレス: \(around.near20) 件")
    case .near16:
      return Phrase(
        en: "listed addresses in \(network(16)) beside these: \(around.near16)",
        ja: "そのほか \(network(16)) にあった掲載アドレス: \(around.near16) 件")
    case .hoster:
      return around.isHoster
        ? Phrase(en: "in a range of a hoster that is often abused", ja: "悪用の多いホスティング事業者の範囲内")
        : Phrase(en: "in no range of a hoster that is often abused", ja: "悪用の多いホスティング事業者の範囲外")
    }
  }
}
