public import NetworkTypes

/// Which names were seen to resolve to an address: from DNS answers on the wire, nothing asked.
///
/// Memory is bounded: so many pairs of address and name, and so many names for each address; beyond it
/// the pair that was confirmed longest ago gives way. A pair expires by the record's time to live, kept
/// between a minute and a day. It holds nothing of who asked.
public struct PassiveNames: Sendable {
  /// Names kept of one address: enough to tell a server of one owner from one of many.
  public static let namesOfAddress = 64
  public static let shortestLife: Duration = .seconds(60)
  public static let longestLife: Duration = .seconds(86_400)

  private static let none: Int32 = -1

  /// A pair, in two chains: with the others of its address, and with all by time.
  private struct Entry: Sendable {
    var address: IPAddress
    var name: DomainName
    var expires: Timestamp
    var newerOfAddress = PassiveNames.none
    var olderOfAddress = PassiveNames.none
    var newer = PassiveNames.none
    var older = PassiveNames.none
  }

  private let capacity: Int
  private var entries: [Entry] = []
  private var free: [Int32] = []
  private var newestOfAddress: [IPAddress: Int32] = [:]
  private var newest = PassiveNames.none
  private var oldest = PassiveNames.none
  /// Pairs that gave way though they had not expired.
  public private(set) var overwritten: UInt64 = 0

  /// - Parameter capacity: pairs of address and name. 65,536 of them take some 10 MB.
  public init(capacity: Int = 65_536) {
    precondition(capacity > 0 && capacity < Int(Int32.max))
    self.capacity = capacity
    entries.reserveCapacity(capacity)
  }

  /// Pairs held, expired ones that nobody looked up included.
  public var count: Int { entries.count - free.count }

  /// Takes note that a name was answered with an address, for the record's time to live.
  public mutating func note(
    _ name: DomainName, at address: IPAddress, for timeToLive: Duration, now: Timestamp
  ) {
    let life = min(max(timeToLive, Self.shortestLife), Self.longestLife)
    var place = newestOfAddress[address] ?? Self.none
    var known = 0
    var last = Self.none
    while place != Self.none {
      let entry = entries[Int(place)]
      if entry.name == name {
        let expires = max(entry.expires, now + life)
        remove(place)
        insert(name, address, expires)
        return
      }
      known += 1
      last = place
      place = entry.olderOfAddress
    }
    if known >= Self.namesOfAddress { giveWay(last, now) }
    if count >= capacity { giveWay(oldest, now) }
    insert(name, address, now + life)
  }

  /// The names seen for an address that have not expired, the one confirmed last first.
  public func names(of address: IPAddress, now: Timestamp) -> [DomainName] {
    var names: [DomainName] = []
    var place = newestOfAddress[address] ?? Self.none
    while place != Self.none {
      let entry = entries[Int(place)]
      if entry.expires > now { names.append(entry.name) }
      place = entry.olderOfAddress
    }
    return names
  }

  private mutating func giveWay(_ place: Int32, _ now: Timestamp) {
    if entries[Int(place)].expires > now { overwritten += 1 }
    remove(place)
  }

  private mutating func insert(_ name: DomainName, _ address: IPAddress, _ expires: Timestamp) {
    var entry = Entry(address: address, name: name, expires: expires)
    entry.olderOfAddress = newestOfAddress[address] ?? Self.none
    entry.older = newest
    let place: Int32
    if let reused = free.popLast() {
      place = reused
      entries[Int(place)] = entry
    } else {
      place = Int32(entries.count)
      entries.append(entry)
    }
    if entry.olderOfAddress != Self.none { entries[Int(entry.olderOfAddress)].newerOfAddress = place }
    if newest != Self.none { entries[Int(newest)].newer = place } else { oldest = place }
    newestOfAddress[address] = place
    newest = place
  }

  private mutating func remove(_ place: Int32) {
    let entry = entries[Int(place)]
    if entry.newerOfAddress != Self.none {
      entries[Int(entry.newerOfAddress)].olderOfAddress = entry.olderOfAddress
    } else {
      newestOfAddress[entry.address] = entry.olderOfAddress == Self.none ? nil : entry.olderOfAddress
    }
    if entry.olderOfAddress != Self.none {
      entries[Int(entry.olderOfAddress)].newerOfAddress = entry.newerOfAddress
    }
    if entry.newer != Self.none {
      entries[Int(entry.newer)].older = entry.older
    } else {
      newest = entry.older
    }
    if entry.older != Self.none {
      entries[Int(entry.older)].newer = entry.newer
    } else {
      oldest = entry.newer
    }
    free.append(place)
  }
}
