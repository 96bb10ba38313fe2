import Language
import NetworkTypes

extension IndicatorListBuilder {
  /// Separated values (`ListFormat.csv`).
  mutating func readCSV(_ bytes: Span<UInt8>, _ layout: CSVLayout) throws(ReputationError) {
    try check(layout)
    var columns = Columns(layout)
    var awaitsHeader = layout.hasHeader || Self.all(of: layout).contains(where: Self.isNamed)
    var record = CSVRecord()
    reading: while !isFull {
      switch record.advance(in: bytes, separator: layout.separator, limit: limits.lineBytes) {
      case .end:
        break reading
      case .fault(let code):
        report(code, line: record.line, bytes.extracting(record.range))
      case .comment:
        // A comment is the header only when it has every column that is asked for by name.
        guard awaitsHeader, Self.isNamed(layout.indicator),
          Self.all(of: layout).allSatisfy({ Self.position(of: $0, in: record) != nil })
        else { continue }
        columns = Columns(layout, header: record)
        awaitsHeader = false
      case .record:
        if record.count == 1, record.bounds(of: 0)?.isEmpty != false { continue }
        if awaitsHeader {
          awaitsHeader = false
          for column in Self.all(of: layout) { _ = try self.column(column, in: record) }
          columns = Columns(layout, header: record)
          continue
        }
        read(record, bytes.extracting(record.range), columns)
      }
    }
    if awaitsHeader, case .name(let name) = layout.indicator {
      throw .missingColumn(list.source, column: name)
    }
  }

  /// Where in a record the fields are, counted from 0; `nil` for those that are not asked for.
  private struct Columns {
    var indicator: Int?
    var port: Int?
    var since: Int?

    init(_ layout: CSVLayout) {
      indicator = number(of: layout.indicator)
      port = layout.port.flatMap(number(of:))
      since = layout.since.flatMap(number(of:))
    }

    init(_ layout: CSVLayout, header: CSVRecord) {
      indicator = position(of: layout.indicator, in: header)
      port = layout.port.flatMap { position(of: $0, in: header) }
      since = layout.since.flatMap { position(of: $0, in: header) }
    }
  }

  private static func all(of layout: CSVLayout) -> [CSVLayout.Column] {
    [layout.indicator, layout.port, layout.since].compactMap { $0 }
  }

  private mutating func read(_ record: CSVRecord, _ text: Span<UInt8>, _ columns: Columns) {
    guard let column = columns.indicator else { return }
    guard let field = record.bounds(of: column), !field.isEmpty else {
      return report(.missingField, line: record.line, text)
    }
    var moment: Timestamp?
    if let since = columns.since, let bounds = record.bounds(of: since), !bounds.isEmpty {
      if let value = Self.moment(record.bytes.span.extracting(bounds)) {
        moment = value
      } else {
        report(.invalidDate, line: record.line, record.bytes.span.extracting(bounds))
      }
    }
    let indicator = record.bytes.span.extracting(field)
    if let port = columns.port, let bounds = record.bounds(of: port), !bounds.isEmpty,
      let address = IPAddress(parsing: indicator)
    {
      guard let number = Self.port(record.bytes.span.extracting(bounds)) else {
        return report(.notAnIndicator, line: record.line, record.bytes.span.extracting(bounds))
      }
      if number > 0 {
        return add(.addressPort(address, port: number), line: record.line, since: moment)
      }
    }
    add(indicator, line: record.line, since: moment)
  }

  private static func port(_ bytes: Span<UInt8>) -> UInt16? {
    guard bytes.count <= 5 else { return nil }
    var number = 0
    for index in bytes.indices {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      number = number * 10 + Int(digit)
    }
    return UInt16(exactly: number)
  }

  private func check(_ layout: CSVLayout) throws(ReputationError) {
    let forbidden = [UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "#")]
    guard layout.separator < 0x80, !forbidden.contains(layout.separator) else {
      throw .invalidSource(
        list.source,
        reason: .init(
          en: "the CSV separator must be one ASCII character, and no quote, # or line end",
          ja: "CSV の区切り文字は、引用符・#・改行以外の ASCII 1 文字にしてください"))
    }
    for case .number(let number) in Self.all(of: layout) where number < 1 {
      throw .invalidSource(
        list.source,
        reason: .init(
          en: "CSV columns are counted from 1, not \(number)",
          ja: "CSV の列番号は 1 から数えます（\(number) は無効です）"))
    }
  }

  /// The column's position in a record, counted from 0; a name is looked up in the header.
  private func column(
    _ column: CSVLayout.Column, in header: CSVRecord
  ) throws(ReputationError) -> Int {
    if let position = Self.position(of: column, in: header) { return position }
    switch column {
    case .name(let name): throw .missingColumn(list.source, column: name)
    case .number(let number): throw .missingColumn(list.source, column: String(number))
    }
  }

  private static func position(of column: CSVLayout.Column, in header: CSVRecord) -> Int? {
    switch column {
    case .number(let number):
      return number - 1
    case .name(let name):
      let wanted = Array(name.lowercased().utf8)
      return (0..<header.count).first { field in
        guard let bounds = header.bounds(of: field), bounds.count >= wanted.count else { return false }
        var text: [UInt8] = []
        for index in bounds {
          let byte = header.bytes[index]
          text.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
        }
        // A header that is a comment keeps its quotes.
        return text == wanted || text == [UInt8(ascii: "\"")] + wanted + [UInt8(ascii: "\"")]
      }
    }
  }

  private static func number(of column: CSVLayout.Column) -> Int? {
    if case .number(let number) = column { number - 1 } else { nil }
  }

  private static func isNamed(_ column: CSVLayout.Column?) -> Bool {
    if case .name = column { true } else { false }
  }

  private static func moment(_ bytes: Span<UInt8>) -> Timestamp? {
    guard bytes.count <= 40 else { return nil }
    var text = ""
    for index in bytes.indices { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    if text.hasSuffix(" UTC") { text.removeLast(4) }
    let moment = Timestamp(text) ?? Timestamp(text + "Z") ?? Timestamp(text + "T00:00:00Z")
    return moment.flatMap { $0.seconds > 0 && UInt32(exactly: $0.seconds) != nil ? $0 : nil }
  }
}
