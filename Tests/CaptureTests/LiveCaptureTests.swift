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

  private struct CommandFailed: Error { let output: String }

  private func ip(_ arguments: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/sbin/ip")
    process.arguments = arguments.split(separator: " ").map(String.init)
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailed(output: String(decoding: output, as: UTF8.self))
    }
  }

  private func open(
    _ interface: String, _ change: (inout LiveCapture.Settings) -> Void = { _ in }
  ) throws -> LiveCapture {
    var settings = LiveCapture.Settings(interface: interface)
    settings.ringBytes = 2 << 20
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

  /// Sends UDP packets to 127.0.0.1:9999.
  private func send(_ payloads: [[UInt8]]) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(9999).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
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
  private func until(_ what: String, _ isTrue: () throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(20)
    while try !isTrue() {
      try #require(ContinuousClock.now < limit, "never: \(what)")
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
    let seen = Seen()
    let running = start(capture, seen)
    let sent = (0..<500).map { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    for part in stride(from: 0, to: sent.count, by: 50) {
      try send(Array(sent[part..<(part + 50)]))
      // The loopback interface shows a packet once as sent and once as received.
      try await until("\(part + 50) packets") { Set(seen.payloads.withLock { $0 }).count >= part + 50 }
    }
    #expect(Set(seen.payloads.withLock { $0 }) == Set(sent))
    let counters = capture.counters()
    #expect(counters.received >= 500 && counters.dropped == 0)
    capture.stop()
    #expect(try await running.value == .stopped)
    #expect(seen.threads.withLock { $0.count } == 1)
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
    let running = start(capture, Seen())
    try ip("link del cap0")
    #expect(try await running.value == .interfaceGone)
  }

  @Test("an interface that goes down and up again is still captured on")
  func downAndUp() async throws {
    try ip("link set lo up")
    let capture = try open("lo")
    let seen = Seen()
    let running = start(capture, seen)
    try ip("link set lo down")
    try ip("link set lo up")
    try await until("a packet after the interface came back") {
      try send([[7]])
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
