import Foundation
import Glibc
import Lab
import NetworkTypes
import PacketSender

/// How often the block stands before the first packet of a terminal that was answered a listed name.
///
/// A resolver outside answers, the terminal waits for so long and sends one packet to the address in the
/// answer. Outside every address of the range is taken in, so a packet that passed is seen there.
enum FirstContacts {
  struct Row: Sendable {
    /// From the answer's arrival at the terminal to its packet.
    var microseconds: Int64
    var sent = 0
    var stopped = 0
  }

  static let domain = "bad.example"
  private static let delays: [Int64] = [0, 1000, 2000, 5000, 10_000]
  private static let each = 50
  private static let terminalPort: UInt16 = 40_000
  private static let contactPort: UInt16 = 9

  /// - Parameter blocked: waits for the next block, and tells its addresses.
  static func measure(
    isolation: isolated (any Actor)? = #isolation, _ blocked: () async throws -> [IPAddress]
  ) async throws -> [Row] {
    let outside = Surroundings.path(ofNamespace: LabNetwork.outsideNamespace)
    try Surroundings.shell(
      "ip -n \(LabNetwork.outsideNamespace) route add local 198.18.66.0/24 dev lo"
        + " && ip route add 198.18.66.0/24 via \(LabNetwork.goodV4)")
    let resolver = udp_socket_in(outside, 4)
    let receiver = udp_socket_in(outside, 4)
    let terminal = udp_socket_in(Surroundings.path(ofNamespace: LabNetwork.terminalNamespace), 4)
    defer { for socket in [resolver, receiver, terminal] where socket >= 0 { close(socket) } }
    guard resolver >= 0, receiver >= 0, terminal >= 0,
      udp_bind(resolver, "\(LabNetwork.goodV4)", 53) == 0, udp_bind(receiver, "0.0.0.0", contactPort) == 0,
      udp_bind(terminal, "\(LabNetwork.terminalV4)", terminalPort) == 0
    else { throw BenchmarkError("no socket for the answers") }
    // What nobody blocks arrives: otherwise a packet that stays away would say nothing.
    guard udp_send(terminal, "198.18.66.255", contactPort) == 0 else {
      throw BenchmarkError("no packet could be sent")
    }
    try await Task.sleep(for: .milliseconds(100))
    guard udp_drain(receiver) == 1 else { throw BenchmarkError("packets do not arrive outside") }
    var rows: [Row] = []
    for (place, delay) in delays.enumerated() {
      var row = Row(microseconds: delay)
      for number in 0..<each {
        let host = place * each + number + 1
        let address = IPAddress(ipv4: 0xC612_4200 + UInt32(host))
        let answer = answer(for: ["n\(host)", "bad", "example"], address: address)
        _ = udp_drain(receiver)
        let isSent = answer.withUnsafeBufferPointer {
          answer_then_contact(
            resolver, terminal, "\(LabNetwork.terminalV4)", terminalPort, $0.baseAddress,
            Int64(answer.count), delay, "\(address)", contactPort) == 0
        }
        guard isSent else { throw BenchmarkError("the answer for n\(host).bad.example did not arrive") }
        guard try await blocked() == [address] else {
          throw BenchmarkError("\(address) was not blocked after its answer")
        }
        // What was sent before the block was made has long arrived when it was read back and told.
        try await Task.sleep(for: .milliseconds(20))
        row.sent += 1
        if udp_drain(receiver) == 0 { row.stopped += 1 }
      }
      rows.append(row)
    }
    return rows
  }

  /// A DNS answer with one address (RFC 1035, 4.1).
  private static func answer(for labels: [String], address: IPAddress) -> [UInt8] {
    var message: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
    for label in labels {
      message.append(UInt8(label.utf8.count))
      message += label.utf8
    }
    let typeAndClass: [UInt8] = [0, 1, 0, 1]
    message.append(0)
    message += typeAndClass
    message += [0xC0, 12]
    message += typeAndClass
    message += [0, 0, 0, 60, 0, 4]
    return message + address.bytes
  }
}
