import Foundation
import Language

/// A document as a list of blocks, written as HTML or as Markdown.
struct DisclosureDocument {
  enum Block {
    case heading(Phrase)
    case paragraph(Phrase)
    /// What is done one after the other.
    case steps([Phrase])
    case table(header: [Phrase], rows: [[String]])
    /// A drawing, and what it shows.
    case figure(svg: String, caption: Phrase)
    case code(String)
  }

  let title: Phrase
  var blocks: [Block] = []

  func markdown(_ language: Language) -> String {
    var text = "# \(title.text(in: language))\n"
    for block in blocks {
      switch block {
      case .heading(let phrase): text += "\n## \(phrase.text(in: language))\n"
      case .paragraph(let phrase): text += "\n\(phrase.text(in: language))\n"
      case .steps(let steps):
        text += "\n"
        for (place, step) in steps.enumerated() { text += "\(place + 1). \(step.text(in: language))\n" }
      case .table(let header, let rows):
        text += "\n| " + header.map { $0.text(in: language) }.joined(separator: " | ") + " |\n|"
        text += String(repeating: "---|", count: header.count) + "\n"
        for row in rows {
          text += "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
      // Markdown readers show SVG only from files of its own; the HTML form has the drawings.
      case .figure(_, let caption): text += "\n*\(caption.text(in: language))*\n"
      case .code(let content): text += "\n```\n\(content)\n```\n"
      }
    }
    return text
  }

  func html(_ language: Language) -> String {
    var text = """
      <!DOCTYPE html>
      <html lang="\(language.rawValue)"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(Self.escaped(title.text(in: language)))</title>
      <style>
      @page { size: A4; margin: 20mm; @bottom-center { content: counter(page) " / " counter(pages); } }
      body { font-family: "Noto Sans JP", "Hiragino Sans", "Yu Gothic", sans-serif; line-height: 1.7;
        max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff; }
      h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; break-after: avoid; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
      th, td { border-bottom: 1px solid #bbb; padding: .1rem .8rem .1rem 0; text-align: left; vertical-align: top;
        overflow-wrap: break-word; }
      td:first-child { min-width: 8rem; max-width: 20rem; } .n { text-align: right; white-space: nowrap; }
      .long { word-break: break-all; }
      thead { display: table-header-group; } tr, figure { break-inside: avoid; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid #999; padding-left: 1rem; }
      figure { margin: 1rem 0; } figcaption { font-size: .85rem; } svg { max-width: 100%; height: auto; }
      </style></head><body>
      <h1>\(Self.escaped(title.text(in: language)))</h1>

      """
    for block in blocks {
      switch block {
      case .heading(let phrase): text += "<h2>\(Self.escaped(phrase.text(in: language)))</h2>\n"
      case .paragraph(let phrase): text += "<p>\(Self.escaped(phrase.text(in: language)))</p>\n"
      case .steps(let steps):
        text += "<ol>\n"
        for step in steps { text += "<li>\(Self.escaped(step.text(in: language)))</li>\n" }
        text += "</ol>\n"
      case .table(let header, let rows):
        text += "<table><thead><tr>"
        for (place, cell) in header.enumerated() {
          let isNumber = place > 0 && rows.contains { Self.isNumber($0[place]) }
          text += "<th\(isNumber ? " class=\"n\"" : "")>\(Self.escaped(cell.text(in: language)))</th>"
        }
        text += "</tr></thead><tbody>\n"
        for row in rows {
          let cells = row.enumerated().map { place, cell in
            let kind =
              place > 0 && Self.isNumber(cell) ? " class=\"n\"" : Self.isLong(cell) ? " class=\"long\"" : ""
            return "<td\(kind)>\(Self.escaped(cell))</td>"
          }
          text += "<tr>" + cells.joined() + "</tr>\n"
        }
        text += "</tbody></table>\n"
      case .figure(let svg, let caption):
        text +=
          "<figure>\(svg)<figcaption>\(Self.escaped(caption.text(in: language)))</figcaption></figure>\n"
      case .code(let content): text += "<pre>\(Self.escaped(content))</pre>\n"
      }
    }
    return text + "</body></html>\n"
  }

  private static func isNumber(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 16 && Double(text) != nil
  }

  /// Whether a word of it is longer than a column: a hash.
  private static func isLong(_ text: String) -> Bool {
    text.split(separator: " ").contains { $0.utf8.count > 40 }
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  /// Bars from a zero line, one a row: up where a value speaks for harm.
  static func bars(_ values: [(label: String, value: Int)], title: String) -> String {
    let width = 640.0
    let step = (width - 50) / Double(max(1, values.count))
    let most = Double(max(100, values.map { abs($0.value) }.max() ?? 100))
    func number(_ value: Double) -> String { TrainingReport.number(value, 1) }
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 180" role="img" font-family="sans-serif" \
      font-size="10"><title>\(escaped(title))</title>\
      <line x1="45" x2="635" y1="80" y2="80" stroke="#333"/>\
      <text x="40" y="14" text-anchor="end">\(number(most / 100))</text>\
      <text x="40" y="84" text-anchor="end">0</text>\
      <text x="40" y="154" text-anchor="end">-\(number(most / 100))</text>
      """
    let every = max(1, Int((22 / step).rounded(.up)))
    for (place, row) in values.enumerated() {
      let height = Double(abs(row.value)) / most * 70
      let x = 47 + Double(place) * step
      svg +=
        "<rect x=\"\(number(x))\" y=\"\(number(row.value > 0 ? 80 - height : 80))\" "
        + "width=\"\(number(max(1, step - 2)))\" height=\"\(number(height))\" "
        + "fill=\"\(row.value > 0 ? "#444" : "#aaa")\"/>"
      if place % every == 0 {
        svg +=
          "<text x=\"\(number(x + step / 2))\" y=\"170\" text-anchor=\"middle\">\(escaped(row.label))</text>"
      }
    }
    return svg + "</svg>"
  }

  /// A square for each cell of a table of two shapes (label `row,column`): dark where a value speaks for
  /// harm, framed where it speaks against, the larger the stronger.
  static func squares(_ values: [(label: String, value: Int)], title: String) -> String {
    let cells = values.compactMap { cell -> (row: Int, column: Int, value: Int)? in
      let parts = cell.label.split(separator: ",").compactMap { Int($0) }
      return parts.count == 2 ? (parts[0], parts[1], cell.value) : nil
    }
    let side = 12.0
    let rows = (cells.map(\.row).max() ?? 0) + 1
    let columns = (cells.map(\.column).max() ?? 0) + 1
    let most = Double(max(100, cells.map { abs($0.value) }.max() ?? 100))
    func number(_ value: Double) -> String { TrainingReport.number(value, 1) }
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(side) * columns + 30) \(Int(side) * rows + 20)" \
      role="img" font-family="sans-serif" font-size="8"><title>\(escaped(title))</title>
      """
    for cell in cells where cell.value != 0 {
      let size = max(2, (Double(abs(cell.value)) / most).squareRoot() * (side - 2))
      let x = 24 + Double(cell.column) * side + (side - size) / 2
      let y = Double(cell.row) * side + (side - size) / 2
      svg +=
        "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(size))\" height=\"\(number(size))\" "
        + (cell.value > 0 ? "fill=\"#444\"/>" : "fill=\"none\" stroke=\"#888\"/>")
    }
    for row in 0..<rows {
      svg += "<text x=\"20\" y=\"\(number(Double(row) * side + 9))\" text-anchor=\"end\">\(row)</text>"
    }
    for column in stride(from: 0, to: columns, by: 2) {
      let x = number(24 + (Double(column) + 0.5) * side)
      svg += "<text x=\"\(x)\" y=\"\(Int(side) * rows + 12)\" text-anchor=\"middle\">\(column)</text>"
    }
    return svg + "</svg>"
  }
}
