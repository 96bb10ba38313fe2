import Detection
import Inspection
import NetworkTypes
import Synchronization

/// The passive names of a gateway, shared by those who judge. Never touched by a capture thread.
final class PassiveNameTable: Sendable {
  private let names = Mutex(PassiveNames())

  func note(_ sighting: Sighting) {
    guard sighting.kind == .dnsAnswer, let name = sighting.destination.name else { return }
    let life = Duration.seconds(Int64(sighting.timeToLive ?? 0))
    names.withLock { names in
      for address in sighting.addresses {
        for name in sighting.aliases + [name] { names.note(name, at: address, for: life, now: sighting.time) }
      }
    }
  }

  func names(of address: IPAddress, now: Timestamp) -> [DomainName] {
    names.withLock { $0.names(of: address, now: now) }
  }

  /// Pairs that gave way to newer ones before they expired.
  var overwritten: UInt64 { names.withLock { $0.overwritten } }
}
