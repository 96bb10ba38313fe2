import FirewallKit
import Glibc
import Language
import NetworkTypes

/// One question to a resolver over UDP (RFC 1035): the text of a name.
struct ResolverQuestion: Sendable {
  let resolver: IPAddress
  let port: Int
  let name: DomainName

  /// How often it is asked, and how long each answer is waited for.
  private static let tries = 3
  private static let patience: Duration = .seconds(1)
  private static let typeText = 16

  /// The first string of the first text record; `nil` when there is none. Throws when nobody answers.
  func text() async throws(AdapterError) -> String? {
    let socket = try connect()
    defer { close(socket) }
    for _ in 0..<Self.tries {
      let identifier = UInt16.random(in: 0 ... .max)
      let question = message(identifier)
      guard send(socket, question, question.count, 0) == question.count else { throw silence(errno) }
      let end = ContinuousClock.now + Self.patience
      var answer = [UInt8](repeating: 0, count: 4096)
      while ContinuousClock.now < end {
        let count = recv(socket, &answer, answer.count, CInt(MSG_DONTWAIT))
        if count > 0 {
          // Late answers to earlier questions, and what others send, are passed over.
          if let found = Self.read(answer[..<count], identifier, question.count) { return found.text }
          continue
        }
        // Refused: nobody listens there now.
        guard errno == EAGAIN || errno == EINTR else { throw silence(errno) }
        do { try await Task.sleep(for: .milliseconds(1)) } catch { throw silence(ECANCELED) }
      }
    }
    throw silence(ETIMEDOUT)
  }

  private func message(_ identifier: UInt16) -> [UInt8] {
    // Recursion is desired: policy zones are applied to what terminals ask.
    var bytes: [UInt8] = [UInt8(identifier >> 8), UInt8(identifier & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for label in name.labels { bytes += [UInt8(label.utf8.count)] + label.utf8 }
    return bytes + [0, 0, UInt8(Self.typeText), 0, 1]
  }

  struct Answer: Equatable {
    var text: String?
  }

  /// An answer to this question, and the text in it; `nil` for anything else.
  static func read(_ answer: ArraySlice<UInt8>, _ identifier: UInt16, _ questionSize: Int) -> Answer? {
    func wide(_ place: Int) -> Int? {
      guard place >= 0, place + 1 < answer.count else { return nil }
      return Int(answer[answer.startIndex + place]) << 8 | Int(answer[answer.startIndex + place + 1])
    }
    guard let found = wide(0), found == Int(identifier), let flags = wide(2), flags & 0x8000 != 0,
      let questions = wide(4), let records = wide(6)
    else { return nil }
    guard flags & 0xF == 0, questions == 1 else { return Answer(text: nil) }
    var place = questionSize
    for _ in 0..<min(records, 16) {
      // The owner: labels up to the root, or up to a pointer.
      while place < answer.count {
        let length = Int(answer[answer.startIndex + place])
        if length >= 0xC0 { place += 2 } else { place += 1 + length }
        if length == 0 || length >= 0xC0 { break }
      }
      guard let type = wide(place), let size = wide(place + 8), place + 10 + size <= answer.count else {
        return Answer(text: nil)
      }
      let data = answer.dropFirst(place + 10).prefix(size)
      if type == typeText, let length = data.first, length < data.count {
        return Answer(text: String(decoding: data.dropFirst().prefix(Int(length)), as: UTF8.self))
      }
      place += 10 + size
    }
    return Answer(text: nil)
  }

  private func connect() throws(AdapterError) -> CInt {
    let descriptor = socket(
      resolver.isIPv4 ? AF_INET : AF_INET6, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw silence(errno) }
    let bytes = resolver.bytes
    let status: CInt
    if resolver.isIPv4 {
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_port = in_port_t(UInt16(port).bigEndian)
      withUnsafeMutableBytes(of: &place.sin_addr) { $0.copyBytes(from: bytes) }
      status = withUnsafePointer(to: place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    } else {
      var place = sockaddr_in6()
      place.sin6_family = sa_family_t(AF_INET6)
      place.sin6_port = in_port_t(UInt16(port).bigEndian)
      withUnsafeMutableBytes(of: &place.sin6_addr) { $0.copyBytes(from: bytes) }
      status = withUnsafePointer(to: place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
    guard status == 0 else {
      let code = errno
      close(descriptor)
      throw silence(code)
    }
    return descriptor
  }

  private func silence(_ code: CInt) -> AdapterError {
    AdapterError(
      code: .unavailable,
      message: Phrase(
        en: "The resolver at \(resolver) port \(port) does not answer. Is it running, and may we ask it?",
        ja: "\(resolver) のポート \(port) でリゾルバーが応答しません。動作と問い合わせの許可を確認してください。"),
      detail: String(cString: strerror(code)))
  }
}
