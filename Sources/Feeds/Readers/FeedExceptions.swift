import NetworkTypes

/// The entries of a feed that say “not this one”. They are gathered before anything is listed, because an
/// exception can stand after the entry that it is an exception from.
struct FeedExceptions {
  private var names: Set<[UInt8]> = []
  /// Every name above an exception.
  private var parents: Set<[UInt8]> = []
  private var prefixes: [IPPrefix] = []

  /// More exceptions than this inside one prefix, and the prefix is not listed at all.
  private static let maximumHoles = 64

  mutating func add(name field: Span<UInt8>) {
    let name = Self.canonical(field)
    names.insert(name)
    var rest = name[...]
    while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
      rest = rest[(dot + 1)...]
      // What is above is there already then.
      guard parents.insert(Array(rest)).inserted else { break }
    }
  }

  mutating func add(_ prefix: IPPrefix) { prefixes.append(prefix) }

  mutating func sort() { prefixes.sort() }

  /// Whether listing the name would list an exception.
  func concern(_ field: Span<UInt8>, withSubdomains: Bool) -> Bool {
    guard !names.isEmpty else { return false }
    let name = Self.canonical(field)
    return names.contains(name) || withSubdomains && parents.contains(name)
  }

  /// Whether the name lies under an exception.
  func cover(_ field: Span<UInt8>) -> Bool {
    guard !names.isEmpty else { return false }
    var rest = Self.canonical(field)[...]
    while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
      rest = rest[(dot + 1)...]
      if names.contains(Array(rest)) { return true }
    }
    return false
  }

  /// The name as a list would have it, however it is spelt, so that the same names are equal bytes.
  private static func canonical(_ field: Span<UInt8>) -> [UInt8] {
    var name: [UInt8] = []
    name.reserveCapacity(field.count)
    for index in field.indices {
      name.append(field[index] &- UInt8(ascii: "A") < 26 ? field[index] | 0x20 : field[index])
    }
    if name.starts(with: [UInt8(ascii: "*"), UInt8(ascii: ".")]) {
      name.removeFirst(2)
    } else if name.first == UInt8(ascii: ".") {
      name.removeFirst()
    }
    if name.last == UInt8(ascii: ".") { name.removeLast() }
    guard name.contains(where: { $0 >= 0x80 }), let text = String(validating: name, as: UTF8.self),
      let encoded = DomainName(text)
    else { return name }
    return Array(encoded.text.utf8)
  }

  /// The prefix without the exceptions inside it; `nil` when they are too many or all of it. An exception
  /// around it changes nothing: the longer prefix decides.
  func remainder(of prefix: IPPrefix) -> [IPPrefix]? {
    var (low, high) = (0, prefixes.count)
    while low < high {
      let middle = (low + high) / 2
      if prefixes[middle] < prefix { low = middle + 1 } else { high = middle }
    }
    var pieces = [prefix]
    var holes = 0
    while low < prefixes.count, prefix.contains(prefixes[low]) {
      holes += 1
      guard holes <= Self.maximumHoles else { return nil }
      pieces = pieces.flatMap { $0.subtracting(prefixes[low]) }
      low += 1
    }
    return pieces.isEmpty ? nil : pieces
  }
}
