import ConfigurationFile

/// A value of the configuration as a plugin gets it.
///
/// Unquoted `true`, `false` and whole numbers keep their type; everything else is text.
enum SettingValue: Sendable, Equatable, Encodable {
  case null
  case flag(Bool)
  case integer(Int64)
  case text(String)
  case list([SettingValue])
  case map([String: SettingValue])

  init(_ node: ConfigurationNode) {
    switch node.content {
    case .null: self = .null
    case .scalar(let text, let quoted): self = quoted ? .text(text) : Self.plain(text)
    case .list(let items): self = .list(items.map { SettingValue($0) })
    case .map(let entries):
      self = .map(Dictionary(entries.map { ($0.key, SettingValue($0.value)) }) { first, _ in first })
    }
  }

  private static func plain(_ text: String) -> SettingValue {
    switch text {
    case "true": .flag(true)
    case "false": .flag(false)
    default: Int64(text).map { String($0) == text ? .integer($0) : .text(text) } ?? .text(text)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .map(let value): try container.encode(value)
    }
  }
}
