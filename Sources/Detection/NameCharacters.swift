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
