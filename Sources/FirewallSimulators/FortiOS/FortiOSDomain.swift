import NetworkTypes

/// What one virtual domain (VDOM) holds: banned addresses, and external resources with pushed entries.
struct FortiOSDomain {
  struct Ban {
    var created: Timestamp
    /// `nil` for a ban without an end.
    var expires: Timestamp?
    var source: String
  }

  struct Resource {
    /// As the configuration has it, with the defaults of the device.
    var attributes: [String: String]
    /// What was pushed, in the order of arrival.
    var entries: [String] = []
    var members: Set<String> = []
    /// Whether the last push did not fit.
    var overflows = false
    var updated: Timestamp?

    mutating func add(_ text: String, capacity: Int) {
      guard !members.contains(text) else { return }
      // What is over the limit is cut off, and the device says nothing about it.
      guard entries.count < capacity else {
        overflows = true
        return
      }
      members.insert(text)
      entries.append(text)
    }

    mutating func remove(_ texts: Set<String>) {
      members.subtract(texts)
      entries.removeAll { texts.contains($0) }
      overflows = false
    }

    /// Whether an entry is one for this type of list.
    func isValid(_ text: String) -> Bool {
      guard attributes["type"] == "address" else { return !text.isEmpty }
      if IPPrefix(text) != nil { return true }
      let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { IPAddress(String($0)) }
      guard ends.count == 2, let first = ends[0], let last = ends[1] else { return false }
      return first.isIPv4 == last.isIPv4 && first <= last
    }
  }

  var bans: [IPAddress: Ban] = [:]
  var resources: [String: Resource] = [:]
  /// How often the configuration was edited, which its revision is made of.
  var edits = 0

  /// Ends what is over.
  mutating func expire(at now: Timestamp) {
    guard bans.contains(where: { $0.value.expires.map { $0 <= now } ?? false }) else { return }
    bans = bans.filter { $0.value.expires.map { $0 > now } ?? true }
  }
}
