import NetworkTypes
import Testing

@testable import Inspection

@Suite("TLS certificates")
struct TLSCertificateTests {
  typealias B = FrameBuilder

  static let flight = B.record(B.serverFlight(certificate: PublishedBytes.certificate))

  private func check(_ observation: Observation) {
    #expect(observation.kind == .tlsCertificate)
    #expect(observation.certificateSHA256 == PublishedBytes.certificateSHA256)
    #expect(observation.certificateSHA1 == PublishedBytes.certificateSHA1)
    #expect(observation.certificateNames == ["www.example.org", "*.example.net"])
    #expect(observation.addresses == [IPAddress("192.0.2.80")])
    #expect(observation.source.port == 443)
  }

  @Test("a server's certificate is told with its hashes and names, in one segment or many")
  func segments() {
    for size in [100, 333, 700, 5000] {
      var frames = InspectedFrames()
      var told = 0
      for start in stride(from: 0, to: Self.flight.count, by: size) {
        let bytes = Array(Self.flight[start..<min(Self.flight.count, start + size)])
        let segment = B.segment(bytes, sequence: 50 + UInt32(start), isUp: false)
        if frames.take(segment, link: .rawIP) == .observation, frames.observation.kind == .tlsCertificate {
          told += 1
          check(frames.observation)
        }
      }
      #expect(told == 1)
    }
  }

  @Test("messages in records of their own are told as one record of all")
  func records() {
    let flight = B.serverFlight(certificate: PublishedBytes.certificate)
    let helloEnd = 4 + 38
    var frames = InspectedFrames()
    let hello = B.record(Array(flight[..<helloEnd]))
    frames.take(B.segment(hello, sequence: 1, isUp: false), link: .rawIP)
    let rest = B.record(Array(flight[helloEnd...]))
    frames.take(B.segment(rest, sequence: 1 + UInt32(hello.count), isUp: false), link: .rawIP)
    check(frames.observation)
  }

  @Test("TLS 1.3 shows no certificate and holds nothing; a resumed session neither")
  func nothingToTell() {
    var frames = InspectedFrames()
    let modern = B.record(
      B.serverFlight(certificate: PublishedBytes.certificate, cipher: 0x1301))
    frames.take(B.segment(modern, sequence: 1, isUp: false), link: .rawIP)
    let flight = B.serverFlight(certificate: PublishedBytes.certificate)
    let resumed = B.record(Array(flight[..<42])) + [20, 3, 3, 0, 1, 1]
    frames.take(B.segment(resumed, sequence: 900, isUp: false), link: .rawIP)
    #expect(frames.observation.kind == .connection)
    #expect(frames.reasons == ["connections": 1])
  }

  @Test("lying lengths end in a counter or are no certificate")
  func lyingLengths() {
    let flight = B.serverFlight(certificate: PublishedBytes.certificate)
    for place in 42..<60 {
      for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
        var changed = flight
        changed[place] = value
        var frames = InspectedFrames()
        let segment = B.segment(B.record(changed), sequence: 1, isUp: false)
        #expect(frames.take(segment, link: .rawIP) == .observation)
      }
    }
  }

  @Test("as JSON a certificate has its hash and names")
  func json() {
    var frames = InspectedFrames()
    frames.take(B.segment(Self.flight, sequence: 1, isUp: false), link: .rawIP)
    #expect(
      frames.observation.json.hasSuffix(
        "\"certificateSHA256\":\"\(PublishedBytes.certificateSHA256)\","
          + "\"certificateSHA1\":\"\(PublishedBytes.certificateSHA1)\","
          + #""names":["www.example.org","*.example.net"],"addresses":["192.0.2.80"]}"#))
  }
}
