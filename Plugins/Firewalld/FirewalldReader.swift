import FirewallKit
import Language
import NetworkTypes

/// What firewalld, its permanent configuration and the kernel say, as a state. Pure.
struct FirewalldReader {
  let frame: FirewalldFrame

  struct StoredSet: Equatable {
    var definition: FirewalldFrame.SetDefinition
    var entries: [String]

    /// The settings of a set: version, short, description, type, options, entries.
    init?(_ value: BusValue) {
      guard let fields = value.elements, fields.count == 6, let description = fields[2].string,
        let type = fields[3].string, let options = fields[4].members, let entries = fields[5].strings
      else { return nil }
      definition = FirewalldFrame.SetDefinition(
        description: description, type: type, options: options.compactMapValues(\.string))
      self.entries = entries
    }
  }

  /// Our sets and policies in one of the two configurations of firewalld.
  struct Configuration: Equatable {
    var sets: [String: StoredSet] = [:]
    var policies: [String: [String: BusValue]] = [:]
  }

  struct Reading: Equatable {
    var runtime = Configuration()
    var permanent = Configuration()
    var kernel = KernelTable()
    /// By set.
    var elements: [String: [String]] = [:]
  }

  func state(_ reading: Reading, at moment: Timestamp) throws(AdapterError) -> FirewallState {
    try refuseForeign(reading)
    var state = FirewallState(readAt: moment)
    var found = FirewalldState()
    var pieces: Set<IPPrefix> = []
    var cut: Set<IPPrefix> = []
    var net: Set<IPPrefix> = []
    var agree: [FirewalldFrame.SetName: Bool] = [:]
    for set in frame.sets where set.role == .note {
      let (notes, agrees) = try entries(of: set, in: reading) {
        SetEntry.note($0, set).map { "\($0)|\($1.rawValue)" }
      }
      agree[set] = agrees
      for text in notes {
        let words = text.split(separator: "|")
        guard let prefix = IPPrefix(String(words[0])) else { continue }
        if words[1] == SetEntry.Note.allowed.rawValue {
          found.allowed.insert(prefix)
        } else {
          cut.insert(prefix)
        }
      }
    }
    for prefix in cut {
      pieces.formUnion(
        SetContents.pieces(of: prefix, without: found.allowed.filter { $0.overlaps(prefix) }))
    }
    for set in frame.sets where set.role != .note {
      let (prefixes, agrees) = try entries(of: set, in: reading) { SetEntry.prefix($0, set) }
      agree[set] = agrees
      if set.role == .host { found.blocked.formUnion(prefixes) } else { net.formUnion(prefixes) }
    }
    found.blocked.formUnion(net.subtracting(pieces))
    found.blocked.formUnion(cut)
    state.allowed = found.allowed
    for prefix in found.blocked { state.blocks[.prefix(prefix)] = .untimed }
    guard !state.isEmpty else { return state }
    // A piece that is gone, or a block that ought to be cut, makes the notes wrong.
    let isWhole = SetContents(found, frame).entries == contents(reading)
    state.scaffold = parts(reading)
    for (set, agrees) in agree where state.scaffold[FirewalldFrame.setPart(set)] != nil {
      state.scaffold[FirewalldFrame.entriesPart(set)] =
        agrees && (isWhole || set.role != .note) ? FirewalldFrame.agreed : "different"
    }
    return state
  }

  /// Sets, policies and the kernel's rules, without what is in the sets.
  func parts(_ reading: Reading) -> Scaffold {
    var parts: Scaffold = [:]
    for set in frame.sets {
      parts[FirewalldFrame.setPart(set)] = Self.agreement(
        reading.runtime.sets[set.text]?.definition.text, reading.permanent.sets[set.text]?.definition.text)
    }
    for name in frame.policyNames {
      parts[FirewalldFrame.policyPart(name)] = Self.agreement(
        reading.runtime.policies[name].map(FirewalldFrame.text(ofPolicy:)),
        reading.permanent.policies[name].map(FirewalldFrame.text(ofPolicy:)))
    }
    var missing = frame.sets.map(\.text).filter { !reading.kernel.sets.contains($0) }
    for policy in frame.policies {
      missing += reading.kernel.missing(frame.kernelRules, ofPolicy: policy.name).map {
        "\(policy.name): \($0)"
      }
    }
    parts[FirewalldFrame.kernelPart] =
      missing.isEmpty ? FirewalldFrame.inForce : "missing: " + missing.joined(separator: ", ")
    return parts
  }

  private static func agreement(_ runtime: String?, _ permanent: String?) -> String? {
    guard runtime != permanent else { return runtime }
    return "at run time: \(runtime ?? "absent"); permanently: \(permanent ?? "absent")"
  }

  /// What any of the places has, and whether all have the same.
  private func entries<Value: Hashable>(
    of set: FirewalldFrame.SetName, in reading: Reading, as parse: (String) -> Value?
  ) throws(AdapterError) -> (values: Set<Value>, agrees: Bool) {
    var places = [
      reading.runtime.sets[set.text]?.entries ?? [], reading.permanent.sets[set.text]?.entries ?? [],
    ]
    // The kernel spells notes in another way, and they filter nothing.
    if set.role != .note { places.append(reading.elements[set.text] ?? []) }
    var all: Set<Value> = []
    var agrees = true
    for (index, place) in places.enumerated() {
      var here = Set<Value>(minimumCapacity: place.count)
      for text in place {
        guard let value = parse(text) else { throw stray(text, set) }
        here.insert(value)
      }
      if index > 0, here != all { agrees = false }
      all.formUnion(here)
    }
    return (all, agrees)
  }

  private func contents(_ reading: Reading) -> [FirewalldFrame.SetName: Set<String>] {
    var contents: [FirewalldFrame.SetName: Set<String>] = [:]
    for set in frame.sets {
      let entries = reading.runtime.sets[set.text]?.entries ?? []
      if !entries.isEmpty { contents[set] = Set(entries) }
    }
    return contents
  }

  // MARK: Refusals

  private func refuseForeign(_ reading: Reading) throws(AdapterError) {
    for configuration in [reading.runtime, reading.permanent] {
      for (name, set) in configuration.sets.sorted(by: { $0.key < $1.key })
      where set.definition.description != FirewalldFrame.mark {
        throw foreign("ipset", name)
      }
      for (name, policy) in configuration.policies.sorted(by: { $0.key < $1.key })
      where policy["description"]?.string != FirewalldFrame.mark {
        throw foreign("policy", name)
      }
    }
  }

  private func foreign(_ kind: String, _ name: String) -> AdapterError {
    AdapterError(
      code: .foreign,
      message: Phrase(
        en:
          "firewalld has an \(kind == "ipset" ? "ipset" : "object, a policy,") \(name) that does not carry our mark. Choose another prefix in the settings, or remove it: firewall-cmd --permanent --delete-\(kind)=\(name)",
        ja:
          "firewalld に本製品の印のない \(kind) \(name) があります。設定で別の prefix を選ぶか、削除してください: firewall-cmd --permanent --delete-\(kind)=\(name)"
      ))
  }

  private func stray(_ entry: String, _ set: FirewalldFrame.SetName) -> AdapterError {
    AdapterError(
      code: .foreign,
      message: Phrase(
        en:
          "Somebody put “\(entry)” into our ipset \(set.text), which cannot be ours. Remove it: firewall-cmd --ipset=\(set.text) --remove-entry=\(entry), and the same with --permanent.",
        ja:
          "本製品の ipset \(set.text) に、本製品のものではない「\(entry)」があります。削除してください: firewall-cmd --ipset=\(set.text) --remove-entry=\(entry)（--permanent を付けたものも実行）"
      ))
  }
}
