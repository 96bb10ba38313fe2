import CNFTables
import FirewallKit
import Glibc
import Language

/// A netfilter netlink socket. It belongs to the network namespace of the thread that opens it.
///
/// Not for more than one thread at a time: answers are told apart by their order.
final class NetlinkSocket {
  /// How an exchange ended, when it did not fail.
  enum Ending {
    case complete
    /// The kernel knows nothing of that name.
    case absent
    /// Something changed during a dump: what was received is not one state.
    case interrupted
  }

  /// What was received in one go: the next messages, or why there are none.
  enum Reception {
    case bytes(Int)
    /// The kernel had to throw messages away, because they were not read fast enough.
    case overrun
    /// A signal came, or the time was over.
    case nothing
  }

  /// Dumps come in pieces of up to 32 KiB, and only to readers who offer that much.
  private static let bufferSize = 1 << 17
  /// How long the kernel may take to answer, in seconds. It answers in microseconds.
  private static let patience = 10

  let descriptor: Int32
  private var sequence: UInt32 = 0
  /// The largest datagram that fits the send buffer for certain.
  private var sendRoom = 65_536
  private(set) var buffer = [UInt8](repeating: 0, count: NetlinkSocket.bufferSize)

  /// - Parameter group: a multicast group to join (`nfnetlink_groups`), 0 for none.
  init(group: UInt32 = 0) throws(AdapterError) {
    descriptor = socket(
      AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_NETFILTER)
    guard descriptor >= 0 else { throw AdapterError(kernel: errno, during: .opening) }
    var address = sockaddr_nl()
    address.nl_family = UInt16(AF_NETLINK)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
      }
    }
    guard bound == 0 else {
      let error = errno
      close(descriptor)
      throw AdapterError(kernel: error, during: .opening)
    }
    if group > 0 {
      // Beyond the limit of the system only with rights in the first user namespace; without them
      // the ordinary size stays, and overruns are more likely.
      set(SOL_SOCKET, SO_RCVBUFFORCE, to: Int32(16 << 20))
      guard set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, to: group) else {
        let error = errno
        close(descriptor)
        throw AdapterError(kernel: error, during: .opening)
      }
    } else {
      set(SOL_SOCKET, SO_RCVTIMEO, to: timeval(tv_sec: Self.patience, tv_usec: 0))
    }
  }

  deinit { close(descriptor) }

  @discardableResult
  private func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, to value: Value) -> Bool {
    withUnsafeBytes(of: value) {
      setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count)) == 0
    }
  }

  /// The next number for a request; the numbers after it can be had too.
  func nextSequence(of count: UInt32 = 1) -> UInt32 {
    defer { sequence &+= count }
    return sequence &+ 1
  }

  /// Makes room for a datagram of this many bytes: beyond the limit of the system only with rights in
  /// the first user namespace.
  func makeRoom(forSending count: Int) {
    guard count > sendRoom else { return }
    sendRoom = count
    let size = Int32(clamping: count + 4096)
    if !set(SOL_SOCKET, SO_SNDBUFFORCE, to: size) { set(SOL_SOCKET, SO_SNDBUF, to: size) }
  }

  /// Answers to requests do not repeat these, and say in words what was wrong where the kernel has some.
  func keepsAnswersShort() {
    set(SOL_NETLINK, NETLINK_CAP_ACK, to: Int32(1))
    set(SOL_NETLINK, NETLINK_EXT_ACK, to: Int32(1))
  }

  /// Sends requests as one datagram; the kernel handles them in order.
  func send(_ bytes: [UInt8], during step: AdapterError.KernelStep = .asking) throws(AdapterError) {
    while true {
      if Glibc.send(descriptor, bytes, bytes.count, 0) == bytes.count { return }
      guard errno == EINTR else { throw AdapterError(kernel: errno, during: step) }
    }
  }

  /// Waits for messages, or takes only what is there; they are in `buffer` afterwards.
  func receive(waiting: Bool = true) throws(AdapterError) -> Reception {
    // With MSG_TRUNC the answer is the true length, also when it did not fit.
    let flags = Int32(MSG_TRUNC) | (waiting ? 0 : Int32(MSG_DONTWAIT))
    let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, flags) }
    guard count < 0 else {
      guard count <= Self.bufferSize else {
        throw AdapterError(
          code: .unreadable,
          message: Phrase(
            en: "The kernel sent a netlink message of \(count) bytes, more than it says it ever does.",
            ja: "カーネルから \(count) バイトの netlink メッセージが届きました。仕様上の上限を超えています。"))
      }
      return .bytes(count)
    }
    switch errno {
    case ENOBUFS: return .overrun
    case EINTR, EAGAIN: return .nothing
    default: throw AdapterError(kernel: errno, during: .asking)
    }
  }

  /// Sends one request and hands each message of the answer to `body`.
  ///
  /// After an error the rest of the answer may still be on its way: the socket must be given up.
  func exchange(
    _ type: nf_tables_msg_types, dump: Bool = false, _ build: (inout NetlinkMessage) -> Void = { _ in },
    receiving body: (Span<UInt8>, NetlinkHeader) throws(AdapterError) -> Void
  ) throws(AdapterError) -> Ending {
    let number = nextSequence()
    // Without a dump an acknowledgement marks the end also where the answer is one message.
    var message = NetlinkMessage(type, flags: dump ? NLM_F_ROOT | NLM_F_MATCH : NLM_F_ACK, sequence: number)
    build(&message)
    try send(message.bytes)
    var interrupted = false
    while true {
      let count = try receiveAnswer()
      let buffer = buffer
      let bytes = buffer.span.extracting(0..<count)
      var index = 0
      while let header = NetlinkHeader.next(in: bytes, at: &index) {
        guard header.sequence == number else { continue }
        if header.isInterrupted { interrupted = true }
        switch Int32(header.type) {
        case NLMSG_DONE:
          return interrupted ? .interrupted : .complete
        case NLMSG_ERROR:
          switch NetlinkHeader.error(in: bytes.extracting(header.payload)) {
          case 0: return .complete
          case ENOENT: return .absent
          case EINTR: return .interrupted
          case let error: throw AdapterError(kernel: error ?? EBADMSG, during: .asking)
          }
        default:
          try body(bytes, header)
        }
      }
    }
  }

  /// The length of the next answer in `buffer`; a silence is an error.
  func receiveAnswer() throws(AdapterError) -> Int {
    let limit = ContinuousClock.now + .seconds(Self.patience)
    while true {
      switch try receive() {
      case .bytes(let count): return count
      case .overrun: throw AdapterError(kernel: ENOBUFS, during: .asking)
      case .nothing where ContinuousClock.now < limit: continue
      case .nothing:
        throw AdapterError(
          code: .timedOut,
          message: Phrase(
            en: "The kernel did not answer a netlink request within \(Self.patience) s.",
            ja: "netlink の要求にカーネルが \(Self.patience) 秒以内に応答しませんでした。"))
      }
    }
  }
}
