import Detection
import Foundation
import NetworkTypes
import Testing

@Suite struct DestinationTests {
  private var whole: Destination {
    get throws {
      Destination(
        name: try #require(DomainName("bad.example.org")), address: IPAddress("192.0.2.7"), port: 443)
    }
  }

  /// What the customer is promised: nothing of a terminal or its user can enter a score.
  @Test func theTypeThatIsJudgedHasNoFieldForTheClient() throws {
    let fields = Mirror(reflecting: try whole).children.map { $0.label ?? "" }
    #expect(fields == ["name", "address", "port"])
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(try whole)) as? [String: Any]
    #expect(object.map { Set($0.keys) } == ["name", "address", "port"])
  }

  @Test func itIsWrittenAsPeopleWriteIt() throws {
    #expect("\(try whole)" == "bad.example.org [192.0.2.7]:443")
    #expect("\(Destination(name: try #require(DomainName("a.example"))))" == "a.example")
    #expect("\(Destination(name: try #require(DomainName("a.example")), port: 53))" == "a.example:53")
    let address = try #require(IPAddress("2001:db8::7"))
    #expect("\(Destination(address: address))" == "2001:db8::7")
    #expect("\(Destination(address: address, port: 443))" == "[2001:db8::7]:443")
  }

  @Test func oneOfNothingIsRefused() throws {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Destination.self, from: Data(#"{"port":443}"#.utf8))
    }
    let decoded = try JSONDecoder().decode(
      Destination.self, from: Data(#"{"name":"bad.example.org","address":"192.0.2.7","port":443}"#.utf8))
    #expect(decoded == (try whole))
  }
}
