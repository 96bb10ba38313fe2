import CNFTables
import FirewallKit
import Glibc
import Language

/// Changes our table by netlink: one batch, one transaction.
///
/// The kernel does a batch while it is being sent, so all its answers are there afterwards.
struct KernelChange {
  let socket: NetlinkSocket
  let table: String

  /// How often a batch is sent anew because somebody else changed the rules in that moment.
  private static let attempts = 8

  /// Runs commands as one transaction: all of them or nothing.
  ///
  /// - Parameter generation: asks for the generation of the ruleset. The kernel refuses a batch for
  ///   another one, so that the generation which a batch makes is known.
  /// - Returns: the generation that the commands made.
  func commit(
    _ commands: [NftablesCommand], at generation: () throws(AdapterError) -> UInt32
  ) throws(AdapterError) -> UInt32 {
    let transaction = transaction(of: commands)
    for _ in 0..<Self.attempts {
      let before = try generation()
      if try run(transaction, for: .commit(generation: before)) {
        return TableOutline.generation(after: before)
      }
    }
    throw AdapterError(
      kernel: EBUSY, during: .changing, detail: "the ruleset changed at each of \(Self.attempts) attempts")
  }

  /// Throws what the kernel would refuse.
  func check(_ commands: [NftablesCommand]) throws(AdapterError) {
    _ = try run(transaction(of: commands), for: .check)
  }

  private func transaction(of commands: [NftablesCommand]) -> NftablesTransaction {
    let transaction = NftablesTransaction(commands, table: table, first: socket.nextSequence())
    _ = socket.nextSequence(of: transaction.span)
    return transaction
  }

  /// `false` when the ruleset was of another generation already, and nothing was done.
  private func run(
    _ transaction: NftablesTransaction, for purpose: NftablesTransaction.Purpose
  ) throws(AdapterError) -> Bool {
    let bytes = transaction.bytes(for: purpose)
    socket.keepsAnswersShort()
    socket.makeRoom(forSending: bytes.count)
    try socket.send(bytes, during: .changing)
    var isDone = false
    var refusal: AdapterError?
    var isOutdated = false
    func take(_ bytes: Span<UInt8>) {
      var index = 0
      while let header = NetlinkHeader.next(in: bytes, at: &index) {
        guard Int32(header.type) == NLMSG_ERROR, header.sequence &- transaction.first <= transaction.span
        else { continue }
        switch NetlinkHeader.error(in: bytes.extracting(header.payload)) ?? EBADMSG {
        case 0: isDone = true
        case ERESTART where header.sequence == transaction.first: isOutdated = true
        case let error where refusal == nil:
          // The first is the most telling: what follows from it comes after it.
          let words = [
            transaction.subject(of: header.sequence), String(cString: strerror(error)),
            NetlinkHeader.words(in: bytes, header),
          ]
          refusal = AdapterError(
            kernel: error, during: .changing, detail: words.compactMap { $0 }.joined(separator: ": "))
        default: break
        }
      }
    }
    while true {
      switch try socket.receive(waiting: false) {
      case .bytes(let count):
        let buffer = socket.buffer
        take(buffer.span.extracting(0..<count))
      case .overrun: throw AdapterError(kernel: ENOBUFS, during: .changing)
      case .nothing:
        if let refusal { throw refusal }
        if isOutdated { return false }
        guard isDone else {
          throw AdapterError(
            code: .timedOut,
            message: Phrase(
              en: "The kernel took the change and did not say whether it was made.",
              ja: "カーネルは変更を受け取りましたが、反映したかどうかを返しませんでした。"))
        }
        return true
      }
    }
  }
}
