/// The encoding half of Punycode (RFC 3492). Decoding is deliberately absent: names are shown in
/// their A-label form, where look-alike letters cannot deceive.
enum Punycode {
  /// The encoded label without its `xn--`; `nil` when a number would overflow.
  static func encode(_ scalars: some Collection<Unicode.Scalar>) -> String? {
    var output = scalars.filter(\.isASCII).map { UInt8($0.value) }
    let basic = output.count
    if basic > 0 { output.append(UInt8(ascii: "-")) }
    var next: UInt32 = 128
    var delta: UInt32 = 0
    var bias: UInt32 = 72
    var handled = basic
    while handled < scalars.count {
      guard let smallest = scalars.lazy.map(\.value).filter({ $0 >= next }).min() else { return nil }
      let (step, overflow) = (smallest - next).multipliedReportingOverflow(by: UInt32(handled + 1))
      guard !overflow, delta <= .max - step else { return nil }
      delta += step
      next = smallest
      for scalar in scalars {
        if scalar.value < next {
          guard delta < .max else { return nil }
          delta += 1
        }
        guard scalar.value == next else { continue }
        appendVariableLength(delta, bias: bias, to: &output)
        bias = adapt(delta, points: UInt32(handled + 1), first: handled == basic)
        delta = 0
        handled += 1
      }
      delta += 1
      next += 1
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func appendVariableLength(_ delta: UInt32, bias: UInt32, to output: inout [UInt8]) {
    var quotient = delta
    var k: UInt32 = 36
    while true {
      let threshold = k <= bias ? 1 : min(26, k - bias)
      guard quotient >= threshold else { break }
      output.append(digit(threshold + (quotient - threshold) % (36 - threshold)))
      quotient = (quotient - threshold) / (36 - threshold)
      k += 36
    }
    output.append(digit(quotient))
  }

  private static func digit(_ value: UInt32) -> UInt8 {
    UInt8(value < 26 ? value + 97 : value - 26 + 48)
  }

  private static func adapt(_ delta: UInt32, points: UInt32, first: Bool) -> UInt32 {
    var delta = first ? delta / 700 : delta / 2
    delta += delta / points
    var k: UInt32 = 0
    while delta > 455 {
      delta /= 35
      k += 36
    }
    return k + 36 * delta / (delta + 38)
  }
}
