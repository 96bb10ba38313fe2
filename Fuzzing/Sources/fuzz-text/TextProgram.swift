import Glibc
import NetworkTypes
import Promises
import Reputation

/// The texts of addresses, prefixes, names, times, hashes and indicators.
@main enum TextProgram {
  static func main() {
    fuzz { start, count in
      TextProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind % 6 {
    case 0: readAddress(bytes)
    case 1:
      guard let prefix = IPPrefix(parsing: bytes.span) else { break }
      promise(IPPrefix(prefix.description) == prefix, "the text of a prefix is the prefix")
      promise(prefix.contains(prefix.address), "a prefix has its first address")
      promise(
        prefix.contains(prefix.last) || prefix.description == "::/80",
        "a prefix has its last address, but for the one that ends with the IPv4-mapped ones")
      if let parent = prefix.parent { promise(parent.contains(prefix), "a prefix lies in its parent") }
    case 2:
      guard let name = DomainName(text) else { break }
      promise(DomainName.isValid(name.text.utf8Span.span), "a name is valid")
      promise(DomainName(name.text) == name, "the text of a name is the name")
      if let parent = name.parent { promise(parent.contains(name), "a name lies in its parent") }
    case 3:
      guard let moment = Timestamp(text) else { break }
      let again = moment.description
      // Years have four digits.
      if again.utf8.count == 27 { promise(Timestamp(again) == moment, "the text of a time is the time") }
    case 4:
      guard let hash = CertificateHash(parsing: bytes.span) else { break }
      promise(CertificateHash(hash.description) == hash, "the text of a hash is the hash")
    default:
      guard let host = URLHost(parsing: bytes.span) else { break }
      // An address is told in its one form, what is no UTF-8 with a mark in its place.
      guard !host.text.contains(":"), host.text.utf8.allSatisfy({ $0 < 0x80 }) else { break }
      promise(contains(bytes, Array(host.text.utf8)), "the host is in the URL")
    }
  }
}

/// What the C library takes for an address is one, and the same.
private func readAddress(_ bytes: [UInt8]) {
  let ours = IPAddress(parsing: bytes.span)
  if let ours {
    promise(IPAddress(ours.description) == ours, "the text of an address is the address")
    promise(IPAddress(bytes: ours.bytes.span) == ours, "the bytes of an address are the address")
  }
  guard !bytes.contains(0), bytes.count < 64 else { return }
  let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
  var (four, six) = ([UInt8](repeating: 0, count: 4), [UInt8](repeating: 0, count: 16))
  let theirs =
    inet_pton(AF_INET, terminated, &four) == 1
    ? IPAddress(bytes: four.span)
    : inet_pton(AF_INET6, terminated, &six) == 1 ? IPAddress(bytes: six.span) : nil
  promise(ours == theirs, "an address is what the C library takes for one")
}
