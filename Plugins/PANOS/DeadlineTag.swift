import NetworkTypes

/// A second tag beside the mark of ownership that tells when a block ends.
///
/// PAN-OS keeps a timer for each tag and does not tell how much of it is left. So our deadline is written
/// down with the block, and read back exactly, whatever the device's clock says.
enum DeadlineTag {
  /// What is read where no such tag is: registered by somebody else, or for ever. It differs from every
  /// deadline of ours, so such a block is put right.
  static let none = Timestamp(seconds: 253_402_300_799)

  private static let separator = "-until-"

  /// `sekisho-block-until-20260101T000000Z`; `nil` for a block without an end.
  static func text(_ deadline: Timestamp, after tag: String) -> String? {
    guard deadline < none else { return nil }
    return tag + separator + deadline.toSeconds.filter { $0 != "-" && $0 != ":" }
  }

  /// The deadline that a tag tells; `nil` when it tells none.
  static func deadline(_ text: String, after tag: String) -> Timestamp? {
    guard text.hasPrefix(tag + separator) else { return nil }
    let digits = Array(text.dropFirst(tag.count + separator.count))
    guard digits.count == 16, digits[8] == "T", digits[15] == "Z" else { return nil }
    func part(_ range: Range<Int>) -> String { String(digits[range]) }
    return Timestamp(
      "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
  }
}
