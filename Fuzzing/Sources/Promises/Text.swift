/// The bytes with ASCII letters in lower case.
public func folded(_ bytes: [UInt8]) -> [UInt8] {
  bytes.map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
}

/// Whether `part` stands somewhere in `bytes`.
public func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
  guard let first = part.first else { return true }
  var start = 0
  while bytes.count - start >= part.count {
    if bytes[start] == first, bytes[start..<(start + part.count)] == part[...] { return true }
    start += 1
  }
  return false
}

/// Whether each label of the name stands somewhere in the folded bytes behind its length, as DNS writes it.
public func isLabelled(_ name: String, in folded: [UInt8]) -> Bool {
  name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: true).allSatisfy {
    contains(folded, [UInt8($0.count)] + $0)
  }
}
