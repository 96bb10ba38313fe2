import NetworkTypes

/// Turns lines of names and addresses into lines of `name<TAB>score`, in their order and as they were written.
///
/// A score has two decimals, in points. What has no score, because it is an IPv6 address, a single label or
/// no name at all, gets 0, which is below every threshold; nothing is left out. Empty lines stay empty.
public struct ScoreLines: Sendable {
  private let model: NameModel
  private let addresses: AddressModel?
  private var pending: [UInt8] = []

  /// - Parameter addresses: without it addresses have no score.
  public init(_ model: NameModel, addresses: AddressModel? = nil) {
    self.model = model
    self.addresses = addresses
  }

  /// Takes the next part of the input, which may end within a line, and appends what is whole.
  public mutating func take(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
    for index in bytes.indices {
      if bytes[index] == UInt8(ascii: "\n") {
        endLine(&output)
      } else {
        pending.append(bytes[index])
      }
    }
  }

  /// The last line, when no line end followed it.
  public mutating func finish(to output: inout [UInt8]) {
    if !pending.isEmpty { endLine(&output) }
  }

  private mutating func endLine(_ output: inout [UInt8]) {
    if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
    output += pending
    if !pending.isEmpty {
      output.append(UInt8(ascii: "\t"))
      Self.append(hundredths(), to: &output)
    }
    output.append(UInt8(ascii: "\n"))
    pending.removeAll(keepingCapacity: true)
  }

  private mutating func hundredths() -> Int {
    for index in pending.indices where (0x41...0x5A).contains(pending[index]) { pending[index] |= 0x20 }
    if DomainName.isValid(pending.span) {
      // Four numbers are an address: no last label of digits is delegated.
      if let last = pending.last, last >= 0x30, last <= 0x39,
        let address = IPAddress(String(decoding: pending, as: UTF8.self))
      {
        return hundredths(address)
      }
      return model.score(pending.span)?.hundredths ?? 0
    }
    let text = String(decoding: pending, as: UTF8.self)
    if let address = IPAddress(text) { return hundredths(address) }
    guard let name = DomainName(text) else { return 0 }
    return model.score(name)?.hundredths ?? 0
  }

  private func hundredths(_ address: IPAddress) -> Int { addresses?.score(address)?.hundredths ?? 0 }

  private static func append(_ hundredths: Int, to output: inout [UInt8]) {
    if hundredths < 0 { output.append(UInt8(ascii: "-")) }
    let size = Int(hundredths.magnitude)
    output += String(size / 100).utf8
    output.append(UInt8(ascii: "."))
    output.append(0x30 + UInt8(size / 10 % 10))
    output.append(0x30 + UInt8(size % 10))
  }
}
