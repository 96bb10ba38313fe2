import NetworkTypes
import Testing

@testable import Detection

/// Which part of a name was registered, by rules as publicsuffix.org writes them.
@Suite struct SuffixTableTests {
  private func table() -> SuffixTable {
    var table = SuffixTable()
    for (text, kind) in [
      ("co.jp", SuffixKind.registry), ("*.kobe.jp", .registry), ("!city.kobe.jp", .registry),
      ("*.ck", .registry), ("!www.ck", .registry), ("hosted.net", .sharedDomain),
    ] where !table.insert(text, kind) { Issue.record("\(text) stands twice") }
    return table
  }

  /// The cases are of the kind that publicsuffix.org tests its list with.
  @Test(arguments: [
    ("example.com", "example.com"), ("a.b.example.com", "example.com"), ("example.co.jp", "example.co.jp"),
    ("www.example.co.jp", "example.co.jp"), ("b.c.kobe.jp", "b.c.kobe.jp"),
    ("a.b.c.kobe.jp", "b.c.kobe.jp"), ("city.kobe.jp", "city.kobe.jp"),
    ("www.city.kobe.jp", "city.kobe.jp"), ("b.test.ck", "b.test.ck"), ("a.b.test.ck", "b.test.ck"),
    ("www.ck", "www.ck"), ("www.www.ck", "www.ck"), ("x.y.hosted.net", "y.hosted.net"),
  ])
  func theRegisteredDomainIsOneLabelAndItsSuffix(name: String, expected: String) throws {
    let bytes = Array(name.utf8)
    let found = table().registeredDomain(of: bytes.span)
    let domain = try #require(found)
    #expect(String(decoding: bytes[domain.label.lowerBound...], as: UTF8.self) == expected)
    #expect(!domain.isSharedSuffix)
    #expect(domain.kind == (name.hasSuffix("hosted.net") ? .sharedDomain : .registry))
  }

  @Test(arguments: ["co.jp", "c.kobe.jp", "test.ck", "hosted.net"])
  func aNameThatIsASuffixIsMarked(name: String) {
    let bytes = Array(name.utf8)
    let domain = table().registeredDomain(of: bytes.span)
    #expect(domain?.isSharedSuffix == true)
  }

  @Test func aSingleLabelHasNoRegisteredDomain() {
    let bytes = Array("localhost".utf8)
    let domain = table().registeredDomain(of: bytes.span)
    #expect(domain == nil)
  }
}
