/// The 16-bit codes of one list of a ClientHello, in order, GREASE values left out.
struct CodeList<let capacity: Int>: Sendable {
  private(set) var codes = InlineArray<capacity, UInt16>(repeating: 0)
  private(set) var count = 0
  /// Whether there were more codes than there is room for.
  private(set) var isCut = false

  mutating func clear() {
    count = 0
    isCut = false
  }

  mutating func append(_ code: UInt16) {
    guard !Self.isGREASE(code) else { return }
    guard count < capacity else {
      isCut = true
      return
    }
    codes[count] = code
    count &+= 1
  }

  /// Sorts by number. The lists are short, so insertion is the quick way.
  mutating func sort() {
    var next = 1
    while next < count {
      let code = codes[next]
      var place = next
      while place > 0, codes[place &- 1] > code {
        codes[place] = codes[place &- 1]
        place &-= 1
      }
      codes[place] = code
      next &+= 1
    }
  }

  /// Values that clients make up so that servers keep ignoring what they do not know (RFC 8701).
  static func isGREASE(_ code: UInt16) -> Bool {
    code & 0x0F0F == 0x0A0A && code &>> 8 == code & 0xFF
  }
}
