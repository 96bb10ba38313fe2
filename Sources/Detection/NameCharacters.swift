/// Characters of names as small numbers, and how unusual each is after the two before it.
package enum NameCharacters {
  package static let count = 38

  /// 0 is the boundary of a label, then a to z, 0 to 9, and hyphen with underscore.
  @inline(__always)
  package static func code(_ byte: UInt8) -> Int {
    switch byte {
    case 0x61...0x7A: Int(byte) - 0x60
    case 0x30...0x39: Int(byte) - 0x30 + 27
    default: 37
    }
  }

  /// j k q v w x y z.
  @inline(__always)
  package static func isRare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "j"), UInt8(ascii: "k"), UInt8(ascii: "q"), 0x76...0x7A: true
    default: false
    }
  }

  package enum Kind { case vowel, consonant, digit, mark }

  @inline(__always)
  package static func kind(_ byte: UInt8) -> Kind {
    switch byte {
    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): .vowel
    case 0x61...0x7A: .consonant
    case 0x30...0x39: .digit
    default: .mark
    }
  }
}

/// What each character of a label costs, in 1/32 nat, the end of the label as the last one.
package typealias CharacterCosts = InlineArray<64, UInt8>

/// How unusual a character is after the two before it: minus the logarithm of its share in ordinary
/// names, in 1/32 nat, at most 255.
package struct CharacterModel: Hashable, Sendable {
  /// `38 × 38 × 38`: first, second, third character.
  package var table: [UInt8]

  package init(table: [UInt8]) {
    precondition(table.count == 38 * 38 * 38)
    self.table = table
  }

  package func costs(of name: Span<UInt8>, _ label: Range<Int>) -> CharacterCosts {
    var costs = CharacterCosts(repeating: 0)
    var (first, second) = (0, 0)
    for position in 0...label.count {
      let third = position == label.count ? 0 : NameCharacters.code(name[label.lowerBound + position])
      costs[position] = table[(first * 38 + second) * 38 + third]
      (first, second) = (second, third)
    }
    return costs
  }
}

/// Which sequences of four characters are familiar from ordinary names.
public struct FamiliarSequences: Hashable, Sendable {
  /// `38 × 38 × 38 × 38`: 0 unknown, 1 seen, 2 frequent.
  package var table: [UInt8]

  package init(table: [UInt8]) {
    precondition(table.count == 38 * 38 * 38 * 38)
    self.table = table
  }

  /// Two for every unknown sequence of four of the label and one for every seldom one.
  package func unfamiliar(of name: Span<UInt8>, _ label: Range<Int>) -> Int {
    var (place, missing) = (0, 0)
    for (count, index) in label.enumerated() {
      place = (place * 38 + NameCharacters.code(name[index])) % (38 * 38 * 38 * 38)
      if count >= 3 { missing += 2 - Int(table[place]) }
    }
    return missing
  }
}
