import CPcap
import Glibc
import NetworkTypes
import Synchronization

/// A capture on a network interface, with a thread of its own: libpcap's waiting must not take one of
/// the few threads of Swift's concurrency.
public final class LiveCapture: Sendable {
  /// What to capture and how.
  public struct Settings: Sendable {
    public var interface: String
    /// Whether to see frames for other machines too.
    public var isPromiscuous = true
    /// Whether frames are handed on as they come. Otherwise the kernel collects them for up to 5 ms,
    /// which costs less under load and packs them closely in the ring.
    public var isImmediate = true
    /// Bytes of the kernel's ring. It must hold what comes while the reader is held up. In immediate
    /// mode every frame takes a place of `snapLength` bytes, however short it is.
    public var ringBytes = 32 << 20
    /// Bytes kept of each frame. The default holds every head that is inspected; with 65,535 the ring
    /// would have room for 512 frames only, because network cards hand over joined segments (GRO).
    public var snapLength = 4096
    /// An expression of pcap-filter(7); `nil` for all frames.
    public var filter: String?

    public init(interface: String) { self.interface = interface }
  }

  /// The open capture. libpcap's handle is not made for two threads, so it is only ever touched
  /// under the lock around it.
  private struct Handle: ~Copyable {
    let pcap: OpaquePointer
    var counters = CaptureCounters()
    var last = pcap_stat()

    init(_ pcap: OpaquePointer) { self.pcap = pcap }
    deinit { pcap_close(pcap) }
  }

  /// Frames read under one lock: bounds how long `counters` and `stop` wait.
  private static let batch: Int32 = 256

  public let settings: Settings
  /// The link layer of all frames, as libpcap's number (DLT).
  public let dataLink: Int32
  private let handle: Mutex<Handle>
  private let readable: Int32
  private let wake: Int32
  private let hasRun = Atomic(false)

  /// Opens the interface; the kernel collects frames from here on.
  ///
  /// - Parameter isReadable: whether frames of a link layer (DLT number) can be read.
  /// - Throws: `noPermission`, `noSuchInterface`, `interfaceDown`, `badFilter`,
  ///   `unsupportedLinkType` or `system`.
  public init(_ settings: Settings, isReadable: (Int32) -> Bool) throws(CaptureError) {
    let pcap = try Self.open(settings)
    let opened = Handle(pcap)
    let dataLink = pcap_datalink(pcap)
    guard isReadable(dataLink) else {
      throw .unsupportedLinkType(dataLink, name: LinkTypeName.of(dataLink), in: settings.interface)
    }
    if let filter = settings.filter { try Self.apply(filter, to: pcap) }
    let (status, text) = withErrorText { pcap_setnonblock(pcap, 1, $0) }
    guard status == 0 else { throw .system(settings.interface, because: text) }
    let wake = sekisho_eventfd()
    guard wake >= 0 else {
      throw .system(settings.interface, because: String(cString: strerror(errno)))
    }
    self.settings = settings
    self.dataLink = dataLink
    self.readable = pcap_get_selectable_fd(pcap)
    self.wake = wake
    self.handle = Mutex(opened)
  }

  deinit { close(wake) }

  /// Captures until `stop()`, cancellation, or the interface goes. May be called once.
  ///
  /// - Parameter makeBody: makes the receiver of frames. It is called on the capture thread, and so is
  ///   what it returns: state of the receiver never leaves that thread. The bytes are valid during the
  ///   call. The receiver must not call `counters()`.
  /// - Throws: `system` when the kernel refuses to go on, or `alreadyRun`.
  public func run(
    _ makeBody: @escaping @Sendable () -> (Span<UInt8>, FrameInfo) -> Void
  ) async throws(CaptureError) -> CaptureEnding {
    guard !hasRun.exchange(true, ordering: .acquiringAndReleasing) else {
      throw .alreadyRun(settings.interface)
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        CaptureThread.start {
          // The receiver is gone before anybody hears of the end: what it tells at its own end is told.
          let result = self.capture(makeBody())
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      stop()
    }
    return try result.get()
  }

  /// Ends the capture. Frames still in the ring are left.
  public func stop() {
    var one: UInt64 = 1
    // Cannot fail but for a full counter, which wakes as well.
    _ = write(wake, &one, 8)
  }

  /// Shares the interface's frames with other captures on it: each flow goes to one of the group.
  ///
  /// - Parameter group: the number of the group; `nil` founds a new one.
  /// - Returns: the number of the group.
  func join(_ group: Int32?) throws(CaptureError) -> Int32 {
    let (number, reason) = handle.withLock { handle in
      (sekisho_join_fanout(pcap_fileno(handle.pcap), group ?? -1), errno)
    }
    guard number >= 0 else {
      throw .system(settings.interface, because: "PACKET_FANOUT: " + String(cString: strerror(reason)))
    }
    return number
  }

  /// What the kernel counted so far. Waits for at most a batch of frames.
  public func counters() -> CaptureCounters {
    handle.withLock { handle in
      var now = pcap_stat()
      guard pcap_stats(handle.pcap, &now) == 0 else { return handle.counters }
      // libpcap's counters have 32 bits; the differences survive their wrapping.
      handle.counters.received &+= UInt64(now.ps_recv &- handle.last.ps_recv)
      handle.counters.dropped &+= UInt64(now.ps_drop &- handle.last.ps_drop)
      handle.counters.droppedByInterface &+= UInt64(now.ps_ifdrop &- handle.last.ps_ifdrop)
      handle.last = now
      return handle.counters
    }
  }

  /// The loop of the capture thread.
  private func capture(
    _ body: @escaping (Span<UInt8>, FrameInfo) -> Void
  ) -> Result<CaptureEnding, CaptureError> {
    let receiver = Receiver(body)
    defer { withExtendedLifetime(receiver) {} }
    // As a number, because the lock guards the handle only: the receiver belongs to this thread.
    let context = UInt(bitPattern: Unmanaged.passUnretained(receiver).toOpaque())
    var timeout: Int32 = -1
    while true {
      var polled = (
        pollfd(fd: readable, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
      )
      let ready = withUnsafeMutableBytes(of: &polled) {
        poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 2, timeout)
      }
      guard ready >= 0 || errno == EINTR else {
        return .failure(.system(settings.interface, because: String(cString: strerror(errno))))
      }
      if polled.1.revents != 0 { return .success(.stopped) }
      let failure = handle.withLock { handle -> String? in
        defer { timeout = Self.timeout(handle.pcap) }
        let status = pcap_dispatch(
          handle.pcap, Self.batch, Receiver.callback, UnsafeMutablePointer(bitPattern: context))
        return status < 0 ? String(cString: pcap_geterr(handle.pcap)) : nil
      }
      if let failure {
        guard if_nametoindex(settings.interface) != 0 else { return .success(.interfaceGone) }
        return .failure(.system(settings.interface, because: failure))
      }
    }
  }

  /// Milliseconds to wait for frames; without end unless libpcap must look by itself: while an
  /// interface is down it cannot be told that it was removed. It asks for 1 ms, more than is needed.
  private static func timeout(_ pcap: OpaquePointer) -> Int32 {
    pcap_get_required_select_timeout(pcap) == nil ? -1 : 100
  }

  private static func open(_ settings: Settings) throws(CaptureError) -> OpaquePointer {
    let (created, text) = withErrorText { pcap_create(settings.interface, $0) }
    guard let created else { throw .system(settings.interface, because: text) }
    pcap_set_promisc(created, settings.isPromiscuous ? 1 : 0)
    pcap_set_immediate_mode(created, settings.isImmediate ? 1 : 0)
    pcap_set_timeout(created, 5)
    pcap_set_buffer_size(created, Int32(clamping: settings.ringBytes))
    pcap_set_snaplen(created, Int32(clamping: settings.snapLength))
    // Above zero are warnings, as when an interface knows no promiscuous mode.
    let status = pcap_activate(created)
    guard status < 0 else { return created }
    let detail = String(cString: pcap_geterr(created))
    pcap_close(created)
    switch status {
    case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED:
      throw .noPermission(settings.interface)
    case PCAP_ERROR_NO_SUCH_DEVICE:
      throw .noSuchInterface(settings.interface)
    case PCAP_ERROR_IFACE_NOT_UP:
      throw .interfaceDown(settings.interface)
    default:
      throw .system(
        settings.interface,
        because: detail.isEmpty ? String(cString: pcap_statustostr(status)) : detail)
    }
  }

  private static func apply(_ filter: String, to pcap: OpaquePointer) throws(CaptureError) {
    var program = bpf_program()
    guard pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
      throw .badFilter(filter, because: String(cString: pcap_geterr(pcap)))
    }
    defer { pcap_freecode(&program) }
    guard pcap_setfilter(pcap, &program) == 0 else {
      throw .badFilter(filter, because: String(cString: pcap_geterr(pcap)))
    }
  }
}

/// The receiver of frames where libpcap's C callback finds it.
private final class Receiver {
  let body: (Span<UInt8>, FrameInfo) -> Void

  init(_ body: @escaping (Span<UInt8>, FrameInfo) -> Void) { self.body = body }

  /// The receiver outlives the `pcap_dispatch` it is given to.
  static let callback: pcap_handler = { context, header, bytes in
    guard let context, let header, let bytes else { return }
    let frame = UnsafeBufferPointer(start: bytes, count: Int(header.pointee.caplen))
    Unmanaged<Receiver>.fromOpaque(context)._withUnsafeGuaranteedRef {
      $0.body(frame.span, FrameInfo(header))
    }
  }
}
