import HTTPTransport
import Testing

@Suite struct HTTPURLTests {
  @Test func addressesAreTakenLiterally() throws {
    for (text, host, port, target) in [
      ("https://fw.example.org", "fw.example.org", 443, "/"),
      (
        "https://FW.Example.org:443/api/?type=op&cmd=%3Cshow%3E", "fw.example.org", 443,
        "/api/?type=op&cmd=%3Cshow%3E"
      ),
      ("http://192.0.2.1:8080/a/../b//c", "192.0.2.1", 8080, "/a/../b//c"),
      ("https://[2001:db8::1]:8443?x", "2001:db8::1", 8443, "/?x"),
      ("https://a_b.example.org/list[0]", "a_b.example.org", 443, "/list[0]"),
    ] as [(String, String, UInt16, String)] {
      let url = try HTTPURL(text)
      #expect(url.host == host && url.port == port && url.target == target, "\(url)")
    }
    #expect(try HTTPURL("https://[2001:DB8::1]/x").description == "https://[2001:db8::1]/x")
    #expect(try HTTPURL("https://a.example.org:443/").authority == "a.example.org")
    #expect(try HTTPURL("http://a.example.org:443/").authority == "a.example.org:443")
  }

  @Test func whatMayHoldAPasswordOrConfuseIsRefused() {
    for (text, reason) in [
      ("https://user:word@example.org/", .userInformation), ("https://user@example.org", .userInformation),
      ("file:///etc/passwd", .scheme), ("ftp://example.org/", .scheme), ("example.org", .scheme),
      ("", .scheme),
      ("https://", .host), ("https:///x", .host), ("https://exa mple.org/", .host),
      ("https://bücher.example/", .host),
      ("https://0x7f.1/", .host), ("https://127.1/", .host), ("https://2130706433/", .host),
      ("https://a..example.org/", .host), ("https://[::1/", .host), ("https://[fe80::1%25eth0]/", .host),
      ("https://[1.2.3.4]/", .host), ("https://example.org:0/", .port), ("https://example.org:65536/", .port),
      ("https://example.org:/", .port), ("https://example.org:+80/", .port), ("https://[::1]x:80/", .port),
      ("https://example.org/a b", .character), ("https://example.org/\r\nX: y", .character),
      ("https://example.org/ü", .character), ("https://example.org/\"", .character),
      ("https://example.org/#x", .fragment),
      ("https://example.org/" + String(repeating: "a", count: 8192), .tooLong),
    ] as [(String, HTTPURLError)] {
      #expect(throws: reason, "\(text.prefix(60))") { try HTTPURL(text) }
    }
  }

  @Test func partsAreEncodedWhereTheyAreAdded() throws {
    let base = try HTTPURL("https://192.0.2.1:8443/ignored?too")
    let url = try base.asking("/api/v2/a b/ü", query: [("name", "x&y=z/1"), ("é", "+")])
    #expect(url.description == "https://192.0.2.1:8443/api/v2/a%20b/%C3%BC?name=x%26y%3Dz%2F1&%C3%A9=%2B")
  }
}
