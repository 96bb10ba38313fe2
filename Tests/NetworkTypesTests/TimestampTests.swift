import Glibc
import NetworkTypes
import Randomness
import Testing

@Suite("Timestamp")
struct TimestampTests {
  @Test("every moment of years 0 to 9999 is read back from its own text")
  func roundTrip() {
    var random = SplitMix64(seed: 31)
    for _ in 0..<20_000 {
      let moment = Timestamp(
        microseconds: .random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &random))
      #expect(Timestamp(moment.description) == moment)
    }
  }

  @Test("dates agree with the C library's calendar")
  func calendarAgreesWithTheSystem() {
    var random = SplitMix64(seed: 32)
    for _ in 0..<20_000 {
      var seconds = time_t.random(in: -62_167_219_200...253_402_300_799, using: &random)
      var fields = tm()
      gmtime_r(&seconds, &fields)
      var text = [CChar](repeating: 0, count: 64)
      strftime(&text, 64, "-%m-%dT%H:%M:%SZ", &fields)
      let year = String(fields.tm_year + 1900)
      let rest = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let expected = String(repeating: "0", count: 4 - year.count) + year + rest
      #expect(Timestamp(seconds: Int64(seconds)).toSeconds == expected)
    }
  }

  @Test(
    "the forms of RFC 3339 are read",
    arguments: [
      ("2026-01-01T00:00:00.000001Z", 1_767_225_600_000_001),
      ("2026-01-01T09:00:00+09:00", 1_767_225_600_000_000),
      ("2025-12-31T19:00:00-05:00", 1_767_225_600_000_000),
      ("2026-01-01 00:00:00z", 1_767_225_600_000_000),
      ("2026-01-01T00:00:00.5Z", 1_767_225_600_500_000),
      ("2026-01-01T00:00:00.1234567Z", 1_767_225_600_123_456),
      ("1970-01-01T00:00:00Z", 0),
    ] as [(String, Int64)])
  func forms(_ text: String, _ microseconds: Int64) {
    #expect(Timestamp(text)?.microseconds == microseconds)
  }

  @Test(
    "dates that do not exist and half a time are refused",
    arguments: [
      "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
      "2026-01-01", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+9:00", "", "-026-01-01T00:00:00Z",
    ])
  func refused(_ text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test("adding a duration and taking it away is no change")
  func arithmetic() {
    var random = SplitMix64(seed: 33)
    for _ in 0..<5_000 {
      let moment = Timestamp(
        microseconds: .random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))
      let span = Duration.microseconds(Int64.random(in: -1_000_000_000...1_000_000_000, using: &random))
      #expect((moment + span) - span == moment)
      #expect((moment + span) - moment == span)
    }
  }

  @Test("hostile text is refused or read, never a crash")
  func hostileText() {
    var random = SplitMix64(seed: 34)
    let start = Array("2026-01-01T00:00:00.000001+09:00".utf8)
    for _ in 0..<60_000 {
      var bytes = Array(start.prefix(Int.random(in: 0...start.count, using: &random)))
      for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
          Array("0123456789-+:.TZ \u{7F}".utf8).randomElement(using: &random)!
      }
      if let moment = Timestamp(String(decoding: bytes, as: UTF8.self)),
        moment.microseconds > -62_167_219_200_000_000
      {
        #expect(Timestamp(moment.description) == moment)
      }
    }
  }
}
