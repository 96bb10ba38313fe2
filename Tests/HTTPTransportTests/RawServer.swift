import Glibc
import Synchronization

/// A TCP server on loopback that does to each connection, on a thread of its own, what a test says. It
/// sees the very bytes that arrive.
final class RawServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private struct Seen {
    var connections = 0
    var requests: [[UInt8]] = []
  }
  private let seen = Mutex(Seen())

  /// - Parameter behave: gets each connection and its number, from 0; the connection is closed after it.
  init(_ behave: @escaping @Sendable (Peer, Int) -> Void) {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    port = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0)
        precondition(getsockname(descriptor, $0, &length) == 0)
      }
      return UInt16(bigEndian: $0.pointee.sin_port)
    }
    let seen = WeakServer()
    RawServer.thread {
      var number = 0
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { break }
        // Programs that other tests start would keep it open.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        let index = number
        number += 1
        seen.server?.seen.withLock { $0.connections += 1 }
        RawServer.thread {
          let peer = Peer(descriptor: connection) { bytes in
            seen.server?.seen.withLock { $0.requests.append(bytes) }
          }
          behave(peer, index)
          close(connection)
        }
      }
    }
    seen.set(self)
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var connections: Int { seen.withLock { $0.connections } }
  /// Every request that arrived whole, in order of arrival.
  var requests: [[UInt8]] { seen.withLock { $0.requests } }

  private final class WeakServer: Sendable {
    private struct Box { weak var server: RawServer? }
    private let box = Mutex(Box())
    var server: RawServer? { box.withLock { $0.server } }
    func set(_ server: RawServer) { box.withLock { $0.server = server } }
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func thread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    precondition(status == 0)
    pthread_detach(thread)
  }

  /// A server that gives the same answer to every request on every connection.
  static func answering(_ answer: String) -> RawServer {
    RawServer { peer, _ in
      while peer.readRequest() != nil { guard peer.write(answer) else { break } }
    }
  }

  /// A port on which nobody listens.
  static func closedPort() -> UInt16 { RawServer { _, _ in }.port }
}

/// One end of a connection.
struct Peer: Sendable {
  let descriptor: Int32
  let note: @Sendable ([UInt8]) -> Void

  /// Reads a head and the body that it announces; `nil` when the connection ended before.
  func readRequest() -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var whole = Int.max
    while bytes.count < whole {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
      if whole == Int.max, let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let body = length.flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) } ?? 0
        whole = end.upperBound + body
      }
    }
    note(bytes)
    return bytes
  }

  /// False when the other side is gone.
  @discardableResult func write(_ text: String) -> Bool { write(Array(text.utf8)) }

  @discardableResult func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Blocks until the other side closes.
  func waitForEnd() {
    var byte: UInt8 = 0
    while read(descriptor, &byte, 1) > 0 {}
  }

  /// Makes the close a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}
