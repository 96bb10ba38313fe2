import Foundation
import NetworkTypes
import Randomness
import Testing

@testable import Inspection

@Suite("inspect --json")
struct ObservationJSONTests {
  typealias B = FrameBuilder

  @Test("a ClientHello is the line of the contract")
  func clientHello() {
    var frames = InspectedFrames()
    frames.take(
      B.tcp4(
        B.clientHello(
          extensions: B.serverName(Array("bad.example.org".utf8)) + B.alpn(["h2", "http/1.1"]))))
    #expect(
      frames.observation.json == """
        {"time":"2026-01-01T00:00:00.000001Z","kind":"tls-client-hello","transport":"tcp",\
        "source":{"address":"192.0.2.10","port":49152},"destination":{"address":"203.0.113.7","port":443},\
        "name":"bad.example.org","ja4":"t12d0202h2_62ed6f6ca7ad_000000000000",\
        "alpn":["h2","http/1.1"],"versions":["1.2"]}
        """)
  }

  @Test("DNS, HTTP and connections have the keys of the contract and no others")
  func otherKinds() {
    let head = #"{"time":"2026-01-01T00:00:00.000001Z","kind":"#
    var frames = InspectedFrames()
    frames.take(B.query4(B.dnsQuery(B.name("a.example.org"))))
    #expect(
      frames.observation.json == head
        + #""dns-query","transport":"udp","source":{"address":"192.0.2.10","port":50000},"#
        + #""destination":{"address":"203.0.113.7","port":53},"name":"a.example.org","recordType":"A"}"#)
    frames.take(
      B.answer4(
        B.dnsAnswer(
          B.name("a.example.org"),
          records: [
            B.record([0xC0, 12], 5, [1, 0x62, 0xC0, 14]), B.record([0xC0, 43], 1, [192, 0, 2, 9]),
          ])))
    #expect(
      frames.observation.json == head
        + #""dns-answer","transport":"udp","source":{"address":"203.0.113.53","port":53},"#
        + #""destination":{"address":"192.0.2.10","port":50000},"name":"a.example.org","recordType":"A","#
        + #""addresses":["192.0.2.9"],"aliases":["b.example.org"]}"#)
    frames.take(
      B.tcp4(Array("GET /x HTTP/1.1\r\nHost: b.example.org\r\nUser-Agent: c\r\n\r\n".utf8), port: 80))
    #expect(
      frames.observation.json == head
        + #""http-request","transport":"tcp","source":{"address":"192.0.2.10","port":49152},"#
        + #""destination":{"address":"203.0.113.7","port":80},"name":"b.example.org","method":"GET","#
        + #""path":"/x","userAgent":"c"}"#)
    frames.take(B.ethernet(0x86DD, B.ipv6(next: 6, B.tcp(flags: 2))))
    #expect(
      frames.observation.json == head
        + #""connection","transport":"tcp","source":{"address":"2001:db8::10","port":49152},"#
        + #""destination":{"address":"2001:db8:ffff::7","port":443}}"#)
  }

  @Test("hostile text stays one line of valid JSON and cannot steer a terminal")
  func hostileText() throws {
    var random = SplitMix64(seed: 51)
    for _ in 0..<2_000 {
      var path = [UInt8(ascii: "/")]
      var agent: [UInt8] = []
      for _ in 0..<40 {
        path.append(UInt8.random(in: 0x21...0xFF, using: &random))
        let byte = UInt8.random(in: 0...0xFF, using: &random)
        if byte != 10, byte != 13 { agent.append(byte) }
      }
      var frames = InspectedFrames()
      let request =
        Array("GET ".utf8) + path + Array(" HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x".utf8) + agent
        + Array("x\r\n\r\n".utf8)
      #expect(frames.take(FrameBuilder.tcp4(request, port: 80)) == .observation)
      let line = frames.observation.json
      #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["path"] as? String == frames.observation.path)
      #expect(object["userAgent"] as? String == frames.observation.userAgent)
    }
  }
}
