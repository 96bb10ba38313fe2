/// Logarithms in whole numbers.
enum FixedLogarithm {
  static let one = 1024

  /// `base2[n]` is 1024 × log2(n), rounded down, for n of 1 to 63.
  static let base2: InlineArray<64, Int> = {
    var table = InlineArray<64, Int>(repeating: 0)
    for number in 2..<64 {
      // Squaring a mantissa in 1...2 gives one more bit of the logarithm each time (here in 1/2^30).
      let whole = (Int.bitWidth - 1) - number.leadingZeroBitCount
      var mantissa = number << (30 - whole)
      var result = whole
      for _ in 0..<10 {
        mantissa = (mantissa * mantissa) >> 30
        result *= 2
        if mantissa >= 2 << 30 {
          mantissa >>= 1
          result += 1
        }
      }
      table[number] = result
    }
    return table
  }()
}
