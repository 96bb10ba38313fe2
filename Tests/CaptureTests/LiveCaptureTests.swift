import Capture
import Foundation
import Glibc
import Inspection
import Language
import Synchronization
import Testing

private enum Lab {
  static let isThere = ProcessInfo.processInfo.environment["SEKISHO_LAB"] == "1"
}

/// Captures on interfaces that the test makes. They need a network namespace of their own with the
/// rights of root in it, which `make test` provides and tells by SEKISHO_LAB=1; on a machine's real
/// interfaces they would see other people's packets, so elsewhere they are reported as not run.
@Suite("Live capture", .serialized, .enabled(if: Lab.isThere, "needs SEKISHO_LAB=1: see make test"))
struct LiveCaptureTests {

  /// What the capture thread saw, where the test can look.
  private final class Seen: Sendable {
    let payloads = Mutex<[[UInt8]]>([])
    let threads = Mutex<Set<UInt>>([])
    var count: Int { payloads.withLock { $0.count } }
  }

  private struct CommandFailed: Error {
    let command: String
    let status: Int32
  }

  private func ip(_ arguments: String) throws {
    // Not Foundation's Process, which waits for its children through a socket on the loopback
    // interface: here that interface is down, or the subject of the test.
    let words = ["/usr/sbin/ip"] + arguments.split(separator: " ").map(String.init)
    var copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { copies.forEach { free($0) } }
    var child = pid_t()
    try #require(posix_spawn(&child, words[0], nil, nil, &copies, environ) == 0)
    var status: Int32 = 0
    try #require(waitpid(child, &status, 0) == child)
    guard status == 0 else { throw CommandFailed(command: words.joined(separator: " "), status: status) }
  }

  private func open(
    _ interface: String, _ change: (inout LiveCapture.Settings) -> Void = { _ in }
  ) throws -> LiveCapture {
    var settings = LiveCapture.Settings(interface: interface)
    change(&settings)
    return try LiveCapture(settings, isReadable: LinkType.isSupported(dataLink:))
  }

  private func code(_ interface: String) -> CaptureError.Code? {
    do {
      _ = try open(interface)
      return nil
    } catch {
      return (error as? CaptureError)?.code
    }
  }

  /// Starts the capture and keeps the payload of UDP packets to port 9999.
  private func start(_ capture: LiveCapture, _ seen: Seen) -> Task<CaptureEnding, any Error> {
    let link = LinkType(dataLink: capture.dataLink)
    return Task {
      try await capture.run {
        final class State {
          var inspector = Inspector()
          var headers = PacketHeaders()
          var observation = Observation()
        }
        let state = State()
        seen.threads.withLock { _ = $0.insert(UInt(pthread_self())) }
        return { frame, info in
          let result = state.inspector.inspect(
            frame, link: link, time: info.time, headers: &state.headers, observation: &state.observation)
          seen.threads.withLock { _ = $0.insert(UInt(pthread_self())) }
          guard result == .headers || result == .observation, state.headers.destinationPort == 9999 else {
            return
          }
          let payload = state.headers.payload.map { frame[$0] }
          seen.payloads.withLock { $0.append(payload) }
        }
      }
    }
  }

  /// Sends UDP packets to port 9999 of an address.
  private func send(_ payloads: [[UInt8]], to host: String = "127.0.0.1") throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(9999).bigEndian
    try #require(inet_pton(AF_INET, host, &address.sin_addr) == 1)
    for payload in payloads {
      let sent = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, payload, payload.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      #expect(sent == payload.count)
    }
  }

  /// Waits for a state; a test whose state never comes fails here.
  private func until(_ what: @autoclosure () -> String, _ isTrue: () throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(20)
    while try !isTrue() {
      try #require(ContinuousClock.now < limit, "never: \(what())")
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  @Test("every packet sent is seen, on one thread, and counted by the kernel", arguments: [true, false])
  func everyPacket(isImmediate: Bool) async throws {
    try ip("link set lo up")
    let capture = try open("lo") {
      $0.isImmediate = isImmediate
      $0.filter = "udp port 9999"
    }
    // Also when the test fails on the way: a capture that goes on would hold up the end of the tests.
    defer { capture.stop() }
    let seen = Seen()
    let running = start(capture, seen)
    let sent = (0..<500).map { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    for part in stride(from: 0, to: sent.count, by: 50) {
      try send(Array(sent[part..<(part + 50)]))
      // The loopback interface shows a packet once as sent and once as received.
      try await until("\(part + 50) packets; \(seen.count) seen, \(capture.counters())") {
        Set(seen.payloads.withLock { $0 }).count >= part + 50
      }
    }
    #expect(Set(seen.payloads.withLock { $0 }) == Set(sent))
    let counters = capture.counters()
    #expect(counters.received >= 500 && counters.dropped == 0)
    capture.stop()
    #expect(try await running.value == .stopped)
    #expect(seen.threads.withLock { $0.count } == 1)
  }

  /// What each thread of a group saw of each client's port.
  private final class Shares: Sendable {
    let seen = Mutex<[UInt16: [UInt: Int]]>([:])
  }

  @Test("threads of a group share the packets: all are seen once, both directions of a flow by one thread")
  func group() async throws {
    try ip("link set lo up")
    var settings = LiveCapture.Settings(interface: "lo")
    settings.filter = "udp port 9999"
    let capture = try CaptureGroup(settings, threads: 3, isReadable: LinkType.isSupported(dataLink:))
    defer { capture.stop() }
    #expect(capture.count == 3)
    let link = LinkType(dataLink: capture.dataLink)
    let shares = Shares()
    let running = Task {
      try await capture.run {
        final class State {
          var inspector = Inspector()
          var headers = PacketHeaders()
          var observation = Observation()
        }
        let state = State()
        let thread = UInt(pthread_self())
        return { frame, info in
          _ = state.inspector.inspect(
            frame, link: link, time: info.time, headers: &state.headers, observation: &state.observation)
          let ports = [state.headers.sourcePort, state.headers.destinationPort]
          guard let client = ports.first(where: { $0 != 9999 }) else { return }
          shares.seen.withLock { $0[client, default: [:]][thread, default: 0] += 1 }
        }
      }
    }
    let flows = try answered(clients: 60)
    try await until("all of \(flows) flows: \(shares.seen.withLock { $0 })") {
      shares.seen.withLock { seen in
        seen.count == flows && seen.values.allSatisfy { $0.values.reduce(0, +) >= 2 }
      }
    }
    let seen = shares.seen.withLock { $0 }
    #expect(seen.values.allSatisfy { $0.count == 1 && $0.values.first == 2 })
    #expect(Set(seen.values.flatMap(\.keys)).count > 1)
    let counters = capture.counters()
    #expect(counters.received >= UInt64(2 * flows) && counters.dropped == 0)
    capture.stop()
    #expect(try await running.value == .stopped)
  }

  /// Sends a datagram from each of so many ports to port 9999, and one back.
  private func answered(clients: Int) throws -> Int {
    func bound(_ port: UInt16) throws -> Int32 {
      let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      try #require(descriptor >= 0)
      var address = Self.loopback(port)
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(status == 0)
      return descriptor
    }
    let server = try bound(9999)
    defer { close(server) }
    for number in 0..<clients {
      let port = UInt16(20_000 + number)
      let client = try bound(port)
      defer { close(client) }
      for (descriptor, to) in [(client, UInt16(9999)), (server, port)] {
        var address = Self.loopback(to)
        let sent = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            sendto(descriptor, [1, 2, 3] as [UInt8], 3, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        #expect(sent == 3)
      }
    }
    return clients
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return address
  }

  @Test("a capture without any traffic stops at once when asked, by stop or cancellation")
  func stops() async throws {
    try ip("link set lo up")
    for byCancelling in [false, true] {
      let capture = try open("lo")
      let running = start(capture, Seen())
      let start = ContinuousClock.now
      if byCancelling { running.cancel() } else { capture.stop() }
      #expect(try await running.value == .stopped)
      #expect(ContinuousClock.now - start < .seconds(2))
    }
  }

  @Test("a capture runs once")
  func runsOnce() async throws {
    try ip("link set lo up")
    let capture = try open("lo")
    capture.stop()
    #expect(try await capture.run { { _, _ in } } == .stopped)
    await #expect { try await capture.run { { _, _ in } } } throws: {
      ($0 as? CaptureError)?.code == .alreadyRun
    }
  }

  @Test("an interface that is removed ends the capture as a value")
  func interfaceGone() async throws {
    try ip("link add cap0 type veth peer name cap1")
    try ip("link set cap0 up")
    try ip("link set cap1 up")
    let capture = try open("cap0")
    defer { capture.stop() }
    let running = start(capture, Seen())
    try ip("link del cap0")
    #expect(try await running.value == .interfaceGone)
  }

  @Test("an interface that goes down and up again is still captured on")
  func downAndUp() async throws {
    try ip("link add cap2 type veth peer name cap3")
    defer { try? ip("link del cap2") }
    try ip("addr add 192.0.2.1/24 dev cap2")
    try ip("link set cap3 up")
    try ip("link set cap2 up")
    let capture = try open("cap2")
    defer { capture.stop() }
    let seen = Seen()
    let running = start(capture, seen)
    try ip("link set cap2 down")
    try ip("link set cap2 up")
    // Nobody answers ARP on the other end.
    try ip("neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev cap2")
    try await until("a packet after the interface came back") {
      try send([[7]], to: "192.0.2.2")
      return seen.count > 0
    }
    capture.stop()
    #expect(try await running.value == .stopped)
  }

  @Test("no such interface, one that is down, and a wrong filter are told apart")
  func refusals() throws {
    #expect(code("nosuch0") == .noSuchInterface)
    try ip("link add down0 type veth peer name down1")
    defer { try? ip("link del down0") }
    #expect(code("down0") == .interfaceDown)
    try ip("link set lo up")
    #expect(throws: CaptureError.self) { try open("lo") { $0.filter = "port and" } }
  }
}

/// These need no lab, but a user without rights.
@Suite("Live capture without rights")
struct LiveCaptureRightsTests {
  @Test(
    "without the right to capture the error says what is needed",
    .enabled(if: geteuid() != 0, "run as root, who has the right"))
  func noPermission() {
    #expect {
      try LiveCapture(LiveCapture.Settings(interface: "lo"), isReadable: { _ in true })
    } throws: { error in
      guard let error = error as? CaptureError else { return false }
      return error.code == .noPermission && error.message.en.contains("CAP_NET_RAW")
        && error.message.ja.contains("CAP_NET_RAW")
    }
  }
}
