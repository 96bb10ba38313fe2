import NetworkTypes

/// Registered addresses of all virtual systems, with their tags and timers.
struct PANOSRegistry {
  private struct Entry {
    /// By which they are listed.
    var number: Int
    /// When each tag ends; `nil` for never.
    var tags: [String: Timestamp?]
  }

  static let full = "registered-ip table is full, maximum number of entries reached"
  static let longestTag = 127
  static let tagsOfAnAddress = 32

  private let capacity: Int
  private let holdsNetworks: Bool
  private var systems: [String: [String: Entry]] = [:]
  private var nextNumber = 0
  /// No timer ends before.
  private var soonest: Timestamp?
  /// The last listing, for the pages that follow the first.
  private var listing: (system: String, tag: String?, addresses: [String])?

  init(capacity: Int, holdsNetworks: Bool) {
    self.capacity = capacity
    self.holdsNetworks = holdsNetworks
  }

  func tags(in system: String) -> [String: Set<String>] {
    (systems[system] ?? [:]).mapValues { Set($0.tags.keys) }
  }

  /// Ends what is over.
  mutating func expire(at now: Timestamp) {
    guard let soonest, soonest <= now else { return }
    listing = nil
    var next: Timestamp?
    for (system, entries) in systems {
      for (address, entry) in entries {
        let left = entry.tags.filter { tag in tag.value.map { $0 > now } ?? true }
        if left.count < entry.tags.count {
          systems[system]?[address]?.tags = left
          if left.isEmpty { systems[system]?[address] = nil }
        }
        for case let end? in left.values { next = min(next ?? end, end) }
      }
    }
    self.soonest = next
  }

  /// The device's words when it refuses; `nil` when it is done.
  mutating func register(
    _ text: String, tag: String, seconds: Int64, in system: String, at now: Timestamp
  ) -> String? {
    guard let address = normalized(text) else { return "invalid ip address \(text)" }
    guard tag.utf8.count <= Self.longestTag else { return "tag is longer than \(Self.longestTag)" }
    var entry = systems[system]?[address]
    if entry == nil {
      guard systems.values.reduce(0, { $0 + $1.count }) < capacity else { return Self.full }
      entry = Entry(number: nextNumber, tags: [:])
      nextNumber += 1
    }
    guard var entry else { return nil }
    if entry.tags[tag] != nil { return "tag \(tag) already exists, ignore" }
    guard entry.tags.count < Self.tagsOfAnAddress else {
      return "maximum number of tags (\(Self.tagsOfAnAddress)) reached"
    }
    let end = seconds == 0 ? nil : now + .seconds(seconds)
    entry.tags.updateValue(end, forKey: tag)
    if let end { soonest = min(soonest ?? end, end) }
    systems[system, default: [:]][address] = entry
    listing = nil
    return nil
  }

  mutating func unregister(_ text: String, tag: String, in system: String) -> String? {
    guard let address = normalized(text), systems[system]?[address]?.tags[tag] != nil else {
      return "tag \(tag) does not exist, ignore unreg"
    }
    systems[system]?[address]?.tags.removeValue(forKey: tag)
    if systems[system]?[address]?.tags.isEmpty == true { systems[system]?[address] = nil }
    listing = nil
    return nil
  }

  /// A page of the list; the numbers of entries begin with 1.
  mutating func page(
    in system: String, tag: String?, address: String?, start: Int, limit: Int
  ) -> [(address: String, tags: [String])] {
    let entries = systems[system] ?? [:]
    let addresses: [String]
    if let address {
      let found = normalized(address) ?? address
      addresses = entries[found].map { tag == nil || $0.tags[tag ?? ""] != nil } == true ? [found] : []
    } else if let listing, listing.system == system, listing.tag == tag {
      addresses = listing.addresses
    } else {
      addresses = entries.filter { entry in tag.map { entry.value.tags[$0] != nil } ?? true }
        .sorted { $0.value.number < $1.value.number }.map(\.key)
      listing = (system, tag, addresses)
    }
    return addresses.dropFirst(start - 1).prefix(limit).map { ($0, entries[$0]?.tags.keys.sorted() ?? []) }
  }

  /// As the device keeps it: `203.0.113.7` for `203.0.113.7/32`.
  private func normalized(_ text: String) -> String? {
    if let prefix = IPPrefix(text) {
      guard prefix.isHost || (holdsNetworks && prefix.isIPv4) else { return nil }
      return prefix.description
    }
    let ends = text.split(separator: "-").map { IPAddress(String($0)) }
    guard holdsNetworks, ends.count == 2, let first = ends[0], let last = ends[1], first.isIPv4, last.isIPv4,
      first <= last
    else { return nil }
    return text
  }
}
