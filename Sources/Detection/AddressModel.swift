import Language
public import NetworkTypes

/// The additive model over IPv4 addresses that no name is known of, as trained by
/// `sekisho train --kind addresses`.
///
/// A score is the base value and one row of each of four tables: how many addresses were listed in the
/// same /24, in the /20 and in the /16 around it when the model was made, and whether it is in a range of
/// a hoster that is often abused. In points, scaled as those of names: 80 is reached by one in 10,000 and
/// 40 by one in 100 ordinary addresses. All values are whole hundredths, so sums are exact in any order.
/// IPv6 has no score: nobody publishes enough to learn from.
public struct AddressModel: ScoringModel, Hashable {
  package static let firstLine = "sekisho-address-model 1"

  /// The sections of the file.
  package enum Section: Hashable, Sendable {
    case about, thresholds, calibration, base, networks, hosters
    case table(AddressTable)

    package var heading: String {
      switch self {
      case .about: "about"
      case .thresholds: "thresholds"
      case .calibration: "calibration"
      case .base: "base"
      case .networks: "networks"
      case .hosters: "hosters"
      case .table(let table): table.rawValue
      }
    }

    package static let byHeading: [String: Section] = {
      let all: [Section] =
        [.about, .thresholds, .calibration, .base, .networks, .hosters]
        + AddressTable.allCases.map { .table($0) }
      return Dictionary(uniqueKeysWithValues: all.map { ($0.heading, $0) })
    }()
  }

  /// `addresses-1 ` and the first twelve digits of the file's SHA-256.
  public let identifier: String
  /// SHA-256 of the file, hexadecimal.
  public let digest: String
  /// From which score on, in hundredths of points, one in 100, 1,000 and 10,000 ordinary addresses lie.
  public let thresholds: ScoreThresholds
  private let calibration: ScoreCalibration
  /// In hundredths of points, the same for every address.
  package let base: Int
  /// The rows of each table in the order of `AddressTable`, in hundredths of points.
  private let tables: [[Int]]
  private let ground: AddressGround

  /// Reads a model file.
  public init(_ bytes: Span<UInt8>) throws(ModelFileError) {
    var reader = AddressModelReader()
    try ModelText.read(bytes, firstLine: Self.firstLine, sections: Section.byHeading) {
      (section, first, second, _, line) throws(ModelFileError) in
      try reader.take(bytes, section, first, second, line)
    }
    guard let thresholds = ScoreThresholds(reader.limits), let base = reader.base,
      reader.calibration.isUsable, !reader.tables.joined().contains(nil)
    else {
      throw ModelFileError(
        code: .incomplete, line: 0,
        message: Phrase(
          en: "The model file is not complete: thresholds, calibration, base or a row of a table is missing.",
          ja: "評価モデルのファイルが不完全です（しきい値・較正・基本の値・表の行のいずれかがありません）。"))
    }
    digest = ContentDigest.hexadecimal(of: bytes)
    identifier = "addresses-1 " + digest.prefix(12)
    self.thresholds = thresholds
    self.base = base
    calibration = reader.calibration
    tables = reader.tables.map { $0.compactMap(\.self) }
    ground = AddressGround(networks: reader.networks, hosters: reader.hosters)
  }

  /// The score of an address taken apart; `nil` for IPv6.
  public func score(_ address: IPAddress) -> AddressScore? {
    address.ipv4.map { number in
      AddressScore(address, ground.surroundings(of: number), base: base) { value($0, row: $1) }
    }
  }

  /// The share of harmful addresses among equally many harmful and ordinary ones with this score.
  public func probability(_ score: AddressScore) -> Double { calibration.probability(score.hundredths) }

  private func value(_ table: AddressTable, row: Int) -> Int {
    tables[AddressTable.allCases.firstIndex(of: table) ?? 0][row]
  }

  public static func == (a: AddressModel, b: AddressModel) -> Bool { a.digest == b.digest }
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

private struct AddressModelReader {
  var limits: [String: Int] = [:]
  var calibration = ScoreCalibration()
  var base: Int?
  var tables: [[Int?]] = AddressTable.allCases.map { Array(repeating: nil, count: $0.rows.count) }
  var networks: [UInt32: Int] = [:]
  var hosters: [IPPrefix] = []

  mutating func take(
    _ bytes: Span<UInt8>, _ section: AddressModel.Section, _ first: Range<Int>, _ second: Range<Int>,
    _ line: Int
  ) throws(ModelFileError) {
    switch section {
    case .about: break
    case .thresholds:
      limits[ModelText.text(bytes, first)] = try ModelText.number(bytes, second, line)
    case .calibration:
      try calibration.append(
        score: ModelText.number(bytes, first, line), probability: ModelText.number(bytes, second, line), line)
    case .base:
      guard base == nil else { throw ModelText.duplicate(line) }
      base = try ModelText.number(bytes, second, line)
    case .table(let table):
      let place = AddressTable.allCases.firstIndex(of: table) ?? 0
      guard let count = Int(ModelText.text(bytes, first)), let row = table.rows.firstIndex(of: count) else {
        throw ModelText.malformed(line, "no such row", "存在しない行です")
      }
      guard tables[place][row] == nil else { throw ModelText.duplicate(line) }
      tables[place][row] = try ModelText.number(bytes, second, line)
    case .networks:
      guard let network = Self.network(bytes, first), let count = Int(ModelText.text(bytes, second)),
        (1...256).contains(count)
      else {
        throw ModelText.malformed(
          line, "three numbers of a network (192.0.2) and a count of 1 to 256",
          "ネットワークの 3 つの数（192.0.2）と 1～256 の件数が必要です")
      }
      guard networks.updateValue(count, forKey: network) == nil else { throw ModelText.duplicate(line) }
    case .hosters:
      let text = ModelText.text(bytes, first)
      guard let prefix = IPPrefix(text), prefix.address.isIPv4 else {
        throw ModelText.malformed(line, "an IPv4 prefix", "IPv4 のプレフィックスが必要です")
      }
      hosters.append(prefix)
    }
  }

  /// `192.0.2` as its 24 bits.
  private static func network(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    var (value, part, count, digits): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
    for index in range {
      switch bytes[index] {
      case 0x30...0x39:
        part = part * 10 + UInt32(bytes[index] - 0x30)
        digits += 1
        guard part <= 255, digits <= 3 else { return nil }
      case UInt8(ascii: "."):
        guard digits > 0, count < 2 else { return nil }
        value = value << 8 | part
        (part, digits) = (0, 0)
        count += 1
      default: return nil
      }
    }
    return count == 2 && digits > 0 ? value << 8 | part : nil
  }
}
