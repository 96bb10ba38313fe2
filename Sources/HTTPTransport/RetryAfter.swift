import CCurl
import NetworkTypes

/// The field `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
enum RetryAfter {
  /// How long to wait from `now`; never negative. `nil` when the field makes no sense.
  static func delay(_ value: String, now: Timestamp) -> Duration? {
    let digits = value.utf8
    if !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      // Ten digits are three centuries; a longer number would not fit and says the same.
      return .seconds(digits.count > 10 ? 9_999_999_999 : Int64(value) ?? 0)
    }
    guard value.utf8.count <= 64, !value.utf8.contains(0) else { return nil }
    let seconds = curl_getdate(value, nil)
    guard seconds >= 0 else { return nil }
    return max(.zero, Timestamp(seconds: Int64(seconds)) - now)
  }
}
