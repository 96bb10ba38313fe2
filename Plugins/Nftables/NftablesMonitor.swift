import CNFTables
import FirewallKit
import Glibc
import NetworkTypes

/// Tells from the kernel's notifications when someone else changed our table.
///
/// The kernel announces each object of a transaction and then its generation. Elements that end by
/// their own timer are not announced.
struct NftablesMonitor {
  private let own: OwnGenerations
  /// Receives the announcements.
  private let announcements: NetlinkSocket
  /// Asks for the generation, which announcements that were lost cannot tell.
  private let questions: NetlinkSocket
  private var filter: TransactionFilter
  /// The last generation that has been judged.
  private var judged: UInt32

  /// Starts to listen on a thread of its own, which ends with the stream.
  static func changes(
    of table: String, without own: OwnGenerations
  ) throws(AdapterError) -> AsyncStream<Void> {
    let ending = try Ending()
    // Opened here, so that what fails is thrown; then the thread is the only one to use it.
    let monitor = try NftablesMonitor(table: table, own: own)
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    continuation.onTermination = { _ in ending.signal() }
    DedicatedThread.start {
      var monitor = monitor
      while monitor.waits(until: ending), monitor.takeNext(reportingTo: continuation) {}
      continuation.finish()
    }
    return stream
  }

  private init(table: String, own: OwnGenerations) throws(AdapterError) {
    self.own = own
    announcements = try NetlinkSocket(group: UInt32(NFNLGRP_NFTABLES.rawValue))
    questions = try NetlinkSocket()
    filter = TransactionFilter(table: table)
    judged = try KernelReading(socket: questions, table: table, clock: Timestamp.now).generation()
  }

  /// Waits for announcements; `false` when the stream has ended.
  private func waits(until ending: Ending) -> Bool {
    var waiting = [
      pollfd(fd: announcements.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: ending.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    while poll(&waiting, nfds_t(waiting.count), -1) < 0 {
      guard errno == EINTR else { return false }
    }
    return waiting[1].revents == 0
  }

  /// `false` when the kernel cannot be listened to any more.
  private mutating func takeNext(reportingTo continuation: AsyncStream<Void>.Continuation) -> Bool {
    do throws(AdapterError) {
      switch try announcements.receive() {
      case .nothing: break
      case .overrun:
        // Announcements are lost, and with them perhaps the beginning of the next transaction.
        filter.losesTrack()
        let reading = KernelReading(socket: questions, table: filter.table, clock: Timestamp.now)
        let (areOwn, last) = try own.areAll(after: judged) { () throws(AdapterError) in
          try reading.generation()
        }
        judged = last
        if !areOwn { continuation.yield() }
      case .bytes(let count):
        let buffer = announcements.buffer
        let bytes = buffer.span.extracting(0..<count)
        var index = 0
        while let header = NetlinkHeader.next(in: bytes, at: &index) {
          guard let transaction = filter.take(bytes, header) else { continue }
          // Generations wrap around; later means less than half the circle away.
          let isLater = Int32(bitPattern: transaction.generation &- judged) > 0
          guard isLater else { continue }
          judged = transaction.generation
          filter.regainsTrack()
          if transaction.concernsUs, !own.contains(transaction.generation) { continuation.yield() }
        }
      }
      return true
    } catch {
      return false
    }
  }

  /// The means to wake the thread up for the last time.
  private final class Ending: Sendable {
    let descriptor: Int32

    init() throws(AdapterError) {
      descriptor = eventfd(0, Int32(EFD_CLOEXEC))
      guard descriptor >= 0 else { throw AdapterError(kernel: errno, during: .opening) }
    }

    deinit { close(descriptor) }

    func signal() {
      eventfd_write(descriptor, 1)
    }
  }
}

/// Divides the kernel's announcements into transactions, and tells which of them concern a table.
struct TransactionFilter {
  struct Transaction: Equatable {
    var generation: UInt32
    var concernsUs: Bool
  }

  let table: String
  private var concernsUs = false
  private var isUnsure = false

  init(table: String) { self.table = table }

  /// The transaction that this announcement completes; `nil` when more of it is to come.
  mutating func take(_ bytes: Span<UInt8>, _ header: NetlinkHeader) -> Transaction? {
    if header.type == NetlinkNames.type(NFT_MSG_NEWGEN) {
      defer { concernsUs = false }
      return NftablesReader.generation(bytes, header).map {
        Transaction(generation: $0, concernsUs: concernsUs || isUnsure)
      }
    }
    if !concernsUs, NftablesReader.family(bytes, header) == NetlinkNames.familyInet,
      NftablesReader.tableName(bytes, header) == table
    {
      concernsUs = true
    }
    return nil
  }

  /// Announcements were lost: until a whole transaction has been seen, each may concern us.
  mutating func losesTrack() { isUnsure = true }

  mutating func regainsTrack() { isUnsure = false }
}
