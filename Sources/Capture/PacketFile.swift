import CPcap
import Glibc
import NetworkTypes

/// A capture file, pcap or pcapng, read from front to back by libpcap.
public struct PacketFile: ~Copyable {
  /// What is read from the disk at once. The C library's own 4 KiB would mean a system call for
  /// every few frames, which costs more than all the rest.
  private static let bufferBytes = 256 * 1024

  /// The link layer of all frames, as libpcap's number (DLT).
  public let dataLink: Int32
  private let path: String
  private let handle: OpaquePointer
  private let buffer: UnsafeMutableRawPointer
  /// Frames read so far.
  public private(set) var packets = 0

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: where it is.
  ///   - isReadable: whether frames of a link layer (DLT number) can be read; others are an error.
  /// - Throws: `cannotOpenFile`, `notACapture`, `truncatedFile` or `unsupportedLinkType`.
  public init(_ path: String, isReadable: (Int32) -> Bool) throws(CaptureError) {
    // "e": a plugin started meanwhile must not inherit the file.
    guard let file = fopen(path, "re") else {
      throw .cannotOpen(path, because: String(cString: strerror(errno)))
    }
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: Self.bufferBytes, alignment: 4096)
    setvbuf(file, buffer.assumingMemoryBound(to: CChar.self), _IOFBF, Self.bufferBytes)
    let (opened, text) = withErrorText {
      pcap_fopen_offline_with_tstamp_precision(file, UInt32(PCAP_TSTAMP_PRECISION_MICRO), $0)
    }
    guard let opened else {
      let size = ftello(file)
      fclose(file)
      buffer.deallocate()
      throw text.contains("truncated")
        ? .truncated(path, packet: 0, size: size >= 0 ? Int(size) : nil)
        : .notACapture(path, because: text)
    }
    let dataLink = pcap_datalink(opened)
    guard isReadable(dataLink) else {
      pcap_close(opened)
      buffer.deallocate()
      throw .unsupportedLinkType(dataLink, name: LinkTypeName.of(dataLink), in: path)
    }
    self.path = path
    self.dataLink = dataLink
    self.handle = opened
    self.buffer = buffer
  }

  deinit {
    // Closes the file too, which uses the buffer until then.
    pcap_close(handle)
    buffer.deallocate()
  }

  /// Hands every frame that is left to `body`, whose bytes are valid during the call.
  ///
  /// - Returns: `endOfFile`, or `stopped` when `body` asked for it.
  /// - Throws: `truncatedFile` or `damagedFile`, after all frames before that place.
  public mutating func forEachFrame(
    _ body: (Span<UInt8>, FrameInfo) -> AfterFrame
  ) throws(CaptureError) -> CaptureEnding {
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var bytes: UnsafePointer<UInt8>?
    while true {
      let status = pcap_next_ex(handle, &header, &bytes)
      guard status == 1, let header, let bytes else {
        guard status == PCAP_ERROR_BREAK else { throw readError() }
        return .endOfFile
      }
      packets += 1
      let frame = UnsafeBufferPointer(start: bytes, count: Int(header.pointee.caplen))
      guard body(frame.span, FrameInfo(header)) == .goOn else { return .stopped }
    }
  }

  private func readError() -> CaptureError {
    let text = String(cString: pcap_geterr(handle))
    let position = pcap_file(handle).map { ftello($0) } ?? -1
    let offset = position >= 0 ? Int(position) : nil
    return text.contains("truncated")
      ? .truncated(path, packet: packets + 1, size: offset)
      : .damaged(path, packet: packets + 1, offset: offset, because: text)
  }
}

extension FrameInfo {
  init(_ header: UnsafePointer<pcap_pkthdr>) {
    let stamp = header.pointee.ts
    self.init(
      time: Timestamp(microseconds: Int64(stamp.tv_sec) &* 1_000_000 &+ Int64(stamp.tv_usec)),
      originalLength: Int(header.pointee.len))
  }
}
