import NetworkTypes
import Randomness
import Testing

@Suite("IPAddress")
struct IPAddressTests {
  @Test("every address is read back from its own text")
  func roundTrip() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<20_000 {
      let address = IPAddress.random(using: &random)
      #expect(IPAddress(address.description) == address)
      let bytes = address.bytes
      let fromBytes = IPAddress(bytes: bytes.span)
      #expect(fromBytes == address)
    }
  }

  @Test("addresses are written as the C library writes them")
  func formatAgreesWithTheSystem() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<20_000 {
      let address = IPAddress.random(using: &random)
      // glibc writes the deprecated IPv4-compatible ::a.b.c.d with dots; RFC 5952 section 5 asks for
      // that only where the prefix is known to hold IPv4.
      guard address.isIPv4 || address.high != 0 || address.low >> 32 != 0 else { continue }
      #expect(address.description == SystemAddressText.format(address))
    }
  }

  @Test("text near an address is taken or refused as by the C library")
  func parseAgreesWithTheSystem() {
    var random = SplitMix64(seed: 3)
    let alphabet = Array("0123456789abcdefABCDEF:.:.::ff% -/xg".utf8)
    for _ in 0..<60_000 {
      var text = Array(SystemAddressText.format(.random(using: &random)).utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0...text.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: text.insert(alphabet.randomElement(using: &random)!, at: place)
        case 1 where place < text.count: text.remove(at: place)
        case 2 where place < text.count: text[place] = alphabet.randomElement(using: &random)!
        default: break
        }
      }
      let line = String(decoding: text, as: UTF8.self)
      #expect(IPAddress(line) == SystemAddressText.parse(line), "\(line)")
    }
  }

  /// RFC 5952 sections 1, 2 and 4.
  @Test(
    "the forms of RFC 5952 are one address, written the recommended way",
    arguments: [
      ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"),
      ("2001:db8:0000:0:1::1", "2001:db8::1:0:0:1"),
      ("2001:0db8::0001", "2001:db8::1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
      ("2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"),
      ("0:0:0:0:0:0:0:0", "::"), ("::1", "::1"), ("1::", "1::"),
      ("::FFFF:192.0.2.1", "192.0.2.1"), ("::ffff:c000:201", "192.0.2.1"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
  func recommendedForm(_ text: String, _ expected: String) {
    #expect(IPAddress(text)?.description == expected)
  }

  @Test("the mapped and the plain spelling of an IPv4 address are equal")
  func mappedIsPlain() {
    var random = SplitMix64(seed: 4)
    for _ in 0..<2_000 {
      let plain = IPAddress(ipv4: .random(in: 0 ... .max, using: &random))
      #expect(IPAddress("::ffff:\(plain)") == plain)
      #expect(IPAddress("0:0:0:0:0:FFFF:\(plain)") == plain)
      let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + plain.bytes
      let fromBytes = IPAddress(bytes: mapped.span)
      #expect(fromBytes == plain)
      #expect(plain.isIPv4 && plain.bitWidth == 32)
    }
  }

  @Test(
    "what could be read in two ways is refused",
    arguments: [
      "192.0.2.01", "192.0.2", "192.0.2.1.", "192.0.2.256", "0x7f.0.0.1", "3221225985", " 192.0.2.1",
      "192.0.2.1 ", "fe80::1%eth0", "[2001:db8::1]", "2001:db8::1::2", ":::", ":", "", "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "::192.0.2", "192.0.2.1\u{0}", "１９２.0.2.1",
    ])
  func ambiguousIsRefused(_ text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("numeric order is the order of the bytes")
  func orderIsNumeric() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<5_000 {
      let a = IPAddress.random(using: &random)
      let b = IPAddress.random(using: &random)
      guard a.isIPv4 == b.isIPv4 else { continue }
      #expect((a < b) == a.bytes.lexicographicallyPrecedes(b.bytes))
    }
  }

  @Test("hostile bytes are refused or read, never a crash")
  func hostileBytes() {
    var random = SplitMix64(seed: 6)
    for _ in 0..<100_000 {
      let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        Bool.random(using: &random)
          ? UInt8.random(in: 0...255, using: &random)
          : Array(":.0123456789abcdef/".utf8).randomElement(using: &random)!
      }
      if let address = IPAddress(parsing: bytes.span) {
        #expect(IPAddress(address.description) == address)
      }
      if let prefix = IPPrefix(parsing: bytes.span) {
        #expect(IPPrefix(prefix.description) == prefix)
      }
    }
  }
}
