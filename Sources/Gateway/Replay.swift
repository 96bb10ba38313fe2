public import Capture
import ConfigurationFile
public import Detection
import Enforcement
import Inspection
public import Language
public import NetworkTypes
public import Policy
public import Reputation

/// What the detector would have done about the traffic of a capture file: no firewall, no ledger.
public struct Replay: Sendable {
  /// One block that would have been made.
  public struct Block: Sendable {
    public var target: IPAddress
    public var at: Timestamp
    public var until: Timestamp
    public var verdict: Verdict
    /// Packets to or from the target that the block would have stopped, until it ended.
    public var packetsCut: Int
    /// Terminals that would have been cut off from it.
    public var terminals: Set<IPAddress>
    /// Connections that the block would have cut or kept from opening, told apart by their ends and ports.
    public var connections: Set<Connection>
  }

  /// A connection by what tells it from others to the same address.
  public struct Connection: Hashable, Sendable {
    public var terminal: IPAddress
    public var terminalPort: UInt16
    public var port: UInt16
  }

  /// A verdict that did not lead to a block, and why.
  public struct Held: Sendable {
    public var target: IPAddress
    public var at: Timestamp
    public var rule: String
    public var reason: Phrase
  }

  public var packets = 0
  public var sightings = 0
  public var blocks: [Block] = []
  public var held: [Held] = []
  public var endedEarly: CaptureError?

  /// Plays a file against an index and a policy. A damaged file is played as far as it can be read;
  /// `endedEarly` tells why it stopped.
  public static func run(
    _ file: String, index: ReputationIndex, parts: DetectorParts = .listingsOnly, policy: Policy
  ) throws(CaptureError) -> Replay {
    var replay = Replay()
    var packets = try PacketFile(file, isReadable: LinkType.isSupported)
    let slot = ReputationIndexSlot(index)
    let detector = Detector(slot: slot, parts: parts)
    var filter = SightingFilter(
      link: LinkType(dataLink: packets.dataLink), slot: slot, judgesNames: detector.judgesNames)
    var inForce: [IPAddress: Int] = [:]
    var heldTargets: Set<IPAddress> = []
    var madeAt: [Timestamp] = []
    let protected = ProtectedNetworkList(ProtectedNetwork.always)
    do throws(CaptureError) {
      _ = try packets.forEachFrame { frame, info in
        replay.packets += 1
        let examined = filter.examine(frame, at: info.time)
        if let ends = filter.ends { replay.cut(ends, at: info.time, inForce, policy.direction) }
        guard let sighting = examined else { return .goOn }
        replay.sightings += 1
        let finding = detector.finding(for: sighting)
        guard finding.verdict.outcome == .block else { return .goOn }
        for held in finding.held where heldTargets.insert(held.address).inserted {
          replay.held.append(
            Held(
              target: held.address, at: info.time, rule: held.objection.rule, reason: held.objection.reason))
        }
        for address in finding.orders.compactMap(\.target.prefix?.address) {
          if let position = inForce[address], replay.blocks[position].until > info.time {
            replay.blocks[position].terminals.insert(sighting.terminal)
            continue
          }
          if heldTargets.contains(address) { continue }
          madeAt.removeAll { $0 < info.time - .seconds(3600) }
          let context = PolicyContext(
            now: info.time, blocksInForce: inForce.count,
            newBlocksLastMinute: madeAt.count { $0 >= info.time - .seconds(60) },
            newBlocksLastHour: madeAt.count, protected: protected)
          let confidence = finding.orders.compactMap(\.confidence).max() ?? 0
          let evaluation = policy.evaluate(
            BlockRequest(target: .prefix(IPPrefix(address)), origin: .detector(confidence: confidence)),
            in: context)
          guard let until = evaluation.deadline else {
            if let refusal = evaluation.firstRefusal, let reason = refusal.answer.phrase {
              replay.held.append(Held(target: address, at: info.time, rule: refusal.rule, reason: reason))
              heldTargets.insert(address)
            }
            continue
          }
          madeAt.append(info.time)
          inForce[address] = replay.blocks.count
          replay.blocks.append(
            Block(
              target: address, at: info.time, until: until, verdict: finding.verdict, packetsCut: 0,
              terminals: [sighting.terminal], connections: []))
        }
        return .goOn
      }
    } catch {
      replay.endedEarly = error
    }
    return replay
  }

  /// Counts a packet that a block in force would have stopped, whether or not it shows what is listed:
  /// of a name that is listed, the packets carry only the address.
  private mutating func cut(
    _ ends: SightingFilter.Ends, at time: Timestamp, _ inForce: [IPAddress: Int],
    _ direction: TrafficDirection
  ) {
    func block(on address: IPAddress) -> Int? {
      inForce[address].flatMap { blocks[$0].until > time ? $0 : nil }
    }
    if direction != .inbound, let position = block(on: ends.destination) {
      blocks[position].packetsCut += 1
      blocks[position].terminals.insert(ends.source)
      blocks[position].connections.insert(
        Connection(terminal: ends.source, terminalPort: ends.sourcePort, port: ends.destinationPort))
    } else if direction != .outbound, let position = block(on: ends.source) {
      blocks[position].packetsCut += 1
      blocks[position].terminals.insert(ends.destination)
      blocks[position].connections.insert(
        Connection(terminal: ends.destination, terminalPort: ends.destinationPort, port: ends.sourcePort))
    }
  }
}
