/// Any key of an object.
struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ text: String) { stringValue = text }
  init(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

/// Why a text is not what the protocol asks for.
struct Misunderstanding: Error {
  let reason: String
}

extension Decoder {
  /// Throws unless the object has only these keys: a misspelt key that is ignored is a wish ignored.
  func refuseKeys<Key: CodingKey & CaseIterable>(beside known: Key.Type) throws {
    let names = Set(known.allCases.map(\.stringValue))
    for key in try container(keyedBy: AnyKey.self).allKeys where !names.contains(key.stringValue) {
      throw Misunderstanding(reason: "unknown key “\(key.stringValue.prefix(80))”")
    }
  }
}

/// What the decoder missed, in a line. Never the value: it may be anything.
func reason(of error: any Error) -> String { PluginText.printable(rawReason(of: error), 400) }

private func rawReason(of error: any Error) -> String {
  func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "at the top" : "at " + path.map(\.stringValue).joined(separator: ".").prefix(200)
  }
  switch error {
  case let error as Misunderstanding: return error.reason
  case DecodingError.keyNotFound(let key, let context):
    return "the key “\(key.stringValue)” is missing \(place(context.codingPath))"
  case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
    return "a value of another type is expected \(place(context.codingPath))"
  case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
    return "this is no JSON"
  case DecodingError.dataCorrupted(let context):
    return "a value that is not permitted \(place(context.codingPath))"
  default: return "this cannot be understood"
  }
}
