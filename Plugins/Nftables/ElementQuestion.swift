import CNFTables
import FirewallKit
import Glibc
import NetworkTypes

/// Asks the kernel for single addresses of a hash set.
struct ElementQuestion: Sendable {
  struct Entry: Sendable {
    var prefix: IPPrefix
    /// `nil` for an element without a timer.
    var remaining: Duration?
    /// When the answer came.
    var moment: Timestamp
  }

  let table: String
  let set: NftablesScaffold.SetName
  let clock: @Sendable () -> Timestamp

  /// Addresses asked for before the answers are taken, so that these fit the socket's buffer.
  private static let pipelined = 64

  /// Those of the addresses that are in the set.
  ///
  /// Many in one message is the fastest, but the kernel stops at the first that is not there. So after
  /// such a message the rest of its addresses, and the next ones, get a message each, until all of
  /// some are there again.
  func ask(
    _ prefixes: ArraySlice<IPPrefix>, through socket: NetlinkSocket
  ) throws(AdapterError) -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(prefixes.count)
    var rest = prefixes
    var together = true
    while !rest.isEmpty {
      let some = rest.prefix(Self.pipelined)
      let found = try ask(some, together: together, through: socket, into: &entries)
      if together {
        together = found == some.count
        rest = rest.dropFirst(together ? some.count : found + 1)
      } else {
        together = found == some.count
        rest = rest.dropFirst(some.count)
      }
    }
    return entries
  }

  /// How many of the addresses are there: up to the first that is not, when asked for `together`.
  private func ask(
    _ prefixes: ArraySlice<IPPrefix>, together: Bool, through socket: NetlinkSocket,
    into entries: inout [Entry]
  ) throws(AdapterError) -> Int {
    var questions: [UInt8] = []
    questions.reserveCapacity(prefixes.count * (together ? 32 : 96))
    let messages = together ? [prefixes] : prefixes.indices.map { prefixes[$0...$0] }
    var open = Set<UInt32>(minimumCapacity: messages.count)
    for message in messages { questions += question(message, socket.nextSequence(), open: &open) }
    try socket.send(questions)
    var found = 0
    while !open.isEmpty, found < prefixes.count {
      let count = try socket.receiveAnswer()
      let moment = clock()
      let buffer = socket.buffer
      let bytes = buffer.span.extracting(0..<count)
      var index = 0
      while let header = NetlinkHeader.next(in: bytes, at: &index) {
        guard open.contains(header.sequence) else { continue }
        if Int32(header.type) == NLMSG_ERROR {
          open.remove(header.sequence)
          let error = NetlinkHeader.error(in: bytes.extracting(header.payload)) ?? EBADMSG
          // Not there; or the set itself has gone since the scaffold was read, which the generation
          // tells afterwards.
          if error != ENOENT { throw AdapterError(kernel: error, during: .asking) }
          continue
        }
        if !together { open.remove(header.sequence) }
        NftablesReader.elements(bytes, header, isIPv4: set.isIPv4) { element in
          guard let address = NftablesReader.address(element.key, isIPv4: set.isIPv4) else { return }
          entries.append(
            Entry(prefix: IPPrefix(address), remaining: element.remaining, moment: moment))
          found += 1
        }
      }
    }
    return found
  }

  private func question(
    _ prefixes: ArraySlice<IPPrefix>, _ number: UInt32, open: inout Set<UInt32>
  ) -> [UInt8] {
    open.insert(number)
    var message = NetlinkMessage(NFT_MSG_GETSETELEM, flags: 0, sequence: number)
    message.attribute(NFTA_SET_ELEM_LIST_TABLE.rawValue, text: table)
    message.attribute(NFTA_SET_ELEM_LIST_SET.rawValue, text: set.rawValue)
    message.nested(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) { list in
      for prefix in prefixes {
        list.nested(NFTA_LIST_ELEM.rawValue) { element in
          element.nested(NFTA_SET_ELEM_KEY.rawValue) { key in
            key.attribute(NFTA_DATA_VALUE.rawValue, bytes: prefix.address.bytes)
          }
        }
      }
    }
    return message.bytes
  }
}
