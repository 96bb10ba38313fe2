import NetworkTypes

/// What must stand in our sets for a state to hold.
struct SetContents: Equatable {
  var entries: [FirewalldFrame.SetName: Set<String>] = [:]

  init(_ state: FirewalldState, _ frame: FirewalldFrame) {
    for prefix in state.allowed { add(SetEntry.note(prefix, .allowed), to: frame.set(.note, .init(prefix))) }
    for prefix in state.blocked {
      let holes = state.allowed.filter { $0.overlaps(prefix) }
      let family = FirewalldFrame.Family(prefix)
      if holes.isEmpty {
        add(
          prefix.isHost ? SetEntry.host(prefix) : SetEntry.net(prefix),
          to: frame.set(prefix.isHost ? .host : .net, family))
      } else {
        add(SetEntry.note(prefix, .cut), to: frame.set(.note, family))
        for piece in Self.pieces(of: prefix, without: holes) {
          add(SetEntry.net(piece), to: frame.set(.net, family))
        }
      }
    }
  }

  private mutating func add(_ entry: String, to set: FirewalldFrame.SetName) {
    entries[set, default: []].insert(entry)
  }

  static func pieces(of prefix: IPPrefix, without holes: some Sequence<IPPrefix>) -> [IPPrefix] {
    holes.reduce([prefix]) { pieces, hole in pieces.flatMap { $0.subtracting(hole) } }
  }
}

/// Of a state what the sets depend on.
struct FirewalldState: Equatable {
  var allowed: Set<IPPrefix> = []
  var blocked: Set<IPPrefix> = []
}
