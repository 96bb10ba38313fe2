import Glibc
public import Language
public import NetworkTypes

/// The networks that this host must never cut off, as the running system tells: its own addresses,
/// its default gateways and resolvers, and whoever is logged in to administer it.
///
/// Everything is read from files of the kernel and the system, so that no lookup can hang.
public struct HostSurroundings: Sendable {
  /// One network that must stay reachable, and why.
  public struct Finding: Sendable, Hashable {
    public var prefix: IPPrefix
    public var because: Phrase
  }

  /// Reads a file, or answers `nil`. Replaced in tests.
  public typealias FileReader = @Sendable (String) -> [UInt8]?

  private let read: FileReader
  private let sessionVariable: String?

  /// The surroundings of the running process. `sessionVariable` is the value of `SSH_CONNECTION`.
  public init(sessionVariable: String?, read: @escaping FileReader = Self.contents) {
    self.read = read
    self.sessionVariable = sessionVariable
  }

  /// Everything found now, without duplicates, in address order.
  public func findings() -> [Finding] {
    var found: Set<Finding> = []
    func add(_ addresses: some Sequence<IPAddress>, _ because: Phrase) {
      for address in addresses { found.insert(Finding(prefix: IPPrefix(address), because: because)) }
    }
    add(
      Self.localIPv4(fibTrie: text("/proc/net/fib_trie"))
        + Self.localIPv6(ifInet6: text("/proc/net/if_inet6")),
      Phrase(en: "an address of this host", ja: "このホスト自身のアドレス"))
    add(
      Self.gateways4(route: text("/proc/net/route")) + Self.gateways6(route: text("/proc/net/ipv6_route")),
      Phrase(en: "a default gateway of this host", ja: "このホストのデフォルトゲートウェイ"))
    add(
      ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"].flatMap {
        Self.resolvers(resolvConf: text($0))
      },
      Phrase(en: "a resolver of this host", ja: "このホストが使う名前解決サーバー"))
    add(
      Self.sessionPeers(sshConnection: sessionVariable)
        + Self.loginPeers(utmp: read("/run/utmp") ?? read("/var/run/utmp") ?? [])
        + ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Self.sshPeers(tcp: text($0)) },
      Phrase(en: "somebody logged in to administer this host", ja: "このホストに管理者としてログイン中の端末"))
    return found.sorted { ($0.prefix, $0.because.en) < ($1.prefix, $1.because.en) }
  }

  private func text(_ path: String) -> String { String(decoding: read(path) ?? [], as: UTF8.self) }

  /// The bytes of a file, at most 8 MiB; `nil` when it cannot be read.
  public static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 8 << 20 {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[0..<count])
    }
    return bytes
  }
}

// The formats, each read by a pure function.
extension HostSurroundings {
  /// Addresses that `/proc/net/fib_trie` marks `/32 host LOCAL`.
  static func localIPv4(fibTrie: String) -> [IPAddress] {
    var result: Set<IPAddress> = []
    var candidate: IPAddress?
    for line in fibTrie.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "|--", words.count >= 2 {
        candidate = IPAddress(String(words[1]))
      } else if words.count >= 3, words[0] == "/32", words[1] == "host", words[2] == "LOCAL" {
        if let candidate { result.insert(candidate) }
      }
    }
    return result.sorted()
  }

  /// Addresses of `/proc/net/if_inet6`: 32 hexadecimal digits begin each line.
  static func localIPv6(ifInet6: String) -> [IPAddress] {
    ifInet6.split(separator: "\n").compactMap { line in
      line.split(separator: " ").first.flatMap { address(hexadecimal: $0) }
    }
  }

  /// Gateways of default routes in `/proc/net/route` (hexadecimal, in the byte order of the machine).
  static func gateways4(route: String) -> [IPAddress] {
    route.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
      guard fields.count >= 8, fields[1] == "00000000", fields[7] == "00000000",
        let gateway = UInt32(fields[2], radix: 16), gateway != 0
      else { return nil }
      return IPAddress(ipv4: UInt32(bigEndian: gateway))
    }
  }

  /// Gateways of default routes in `/proc/net/ipv6_route`.
  static func gateways6(route: String) -> [IPAddress] {
    route.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 5, fields[0].allSatisfy({ $0 == "0" }), fields[1] == "00",
        let gateway = address(hexadecimal: fields[4]), gateway != IPAddress(high: 0, low: 0)
      else { return nil }
      return gateway
    }
  }

  /// `nameserver` lines of a resolv.conf; zone identifiers are cut off.
  static func resolvers(resolvConf: String) -> [IPAddress] {
    // Written by people and other systems: "\r\n" is one Character, which a split at "\n" misses.
    resolvConf.split(whereSeparator: \.isNewline).compactMap { line in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, words[0] == "nameserver" else { return nil }
      return IPAddress(String(words[1].prefix { $0 != "%" }))
    }
  }

  /// The client of `SSH_CONNECTION` ("client port server port").
  static func sessionPeers(sshConnection: String?) -> [IPAddress] {
    guard let client = sshConnection?.split(separator: " ").first else { return [] }
    return IPAddress(String(client.prefix { $0 != "%" })).map { [$0] } ?? []
  }

  /// Remote addresses of logins in a utmp file: records of 384 bytes (utmp(5) on Linux), type 7 is a
  /// user's login, its address stands at offset 348, an IPv4 one in the first four bytes.
  static func loginPeers(utmp: [UInt8]) -> [IPAddress] {
    stride(from: 0, to: utmp.count - utmp.count % 384, by: 384).compactMap { start in
      guard utmp[start] == 7, utmp[start + 1] == 0 else { return nil }
      let bytes = Array(utmp[(start + 348)..<(start + 364)])
      guard bytes.contains(where: { $0 != 0 }) else { return nil }
      let isIPv4 = bytes[4...].allSatisfy { $0 == 0 }
      return IPAddress(bytes: isIPv4 ? bytes.span.extracting(0..<4) : bytes.span)
    }
  }

  /// Remote ends of established connections to port 22 in `/proc/net/tcp` and `tcp6`.
  static func sshPeers(tcp: String) -> [IPAddress] {
    tcp.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 4, fields[3] == "01" else { return nil }
      let local = fields[1].split(separator: ":")
      let remote = fields[2].split(separator: ":")
      guard local.count == 2, remote.count == 2, local[1] == "0016" else { return nil }
      if remote[0].count == 8, let value = UInt32(remote[0], radix: 16) {
        return IPAddress(ipv4: UInt32(bigEndian: value))
      }
      guard remote[0].count == 32 else { return nil }
      var words: [UInt64] = []
      var rest = remote[0]
      for _ in 0..<4 {
        guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
        words.append(UInt64(UInt32(bigEndian: word)))
        rest = rest.dropFirst(8)
      }
      return IPAddress(high: words[0] << 32 | words[1], low: words[2] << 32 | words[3])
    }
  }

  private static func address(hexadecimal text: Substring) -> IPAddress? {
    guard text.count == 32, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    return IPAddress(high: high, low: low)
  }
}
