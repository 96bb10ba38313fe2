import Randomness
import Testing
import XMLText

@Suite struct XMLTests {
  private func code(_ text: String) -> XMLError.Code? {
    do throws(XMLError) {
      _ = try XMLReader.root(Array(text.utf8), maximumNodes: 1000)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func whatADeviceWritesIsRead() throws {
    let text = """
      \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
      <!-- from the device -->
      <response status = "success" code='19'><result>
        <entry ip="203.0.113.7"><tag><member>a &amp; b &#x3c;&#99;&gt;</member><member/></tag></entry>
        <![CDATA[<raw> & so]]><!-- x --> é
      </result></response>

      """
    let root = try XMLReader.root(Array(text.utf8))
    #expect(root.name == "response" && root.attribute("code") == "19")
    let members = try #require(root.descendant("result", "entry", "tag")).children
    #expect(members.map(\.text) == ["a & b <c>", ""])
    #expect(root.child("result")?.trimmed.hasPrefix("<raw> & so") == true)
    #expect(root.child("result")?.trimmed.hasSuffix("é") == true)
  }

  @Test func whatIsNotXMLIsRefused() {
    let wrong: [(String, XMLError.Code)] = [
      ("", .ended), ("<a", .ended), ("<a>", .ended), ("<a></b>", .mismatch), ("<a/><b/>", .rest),
      ("x", .character),
      ("<a b></a>", .attribute), ("<a b=1/>", .attribute), ("<a b=\"1\"c=\"2\"/>", .attribute),
      ("<a b=\"1\" b=\"2\"/>", .attribute), ("<a b=\"<\"/>", .attribute), ("<a>&x;</a>", .reference),
      ("<a>&#0;</a>", .reference), ("<a>&#xD800;</a>", .reference), ("<a>&#+1;</a>", .reference),
      ("<a>& b</a>", .reference), ("<1/>", .name), ("<a>\u{1}</a>", .character),
      ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", .documentType),
      ("<html>\u{0}", .character), (String(repeating: "<a>", count: 65), .tooDeep),
      ("<a>" + String(repeating: "<b c=\"\"/>", count: 500) + "</a>", .tooManyNodes),
    ]
    for (text, expected) in wrong { #expect(code(text) == expected, "\(text.prefix(60))") }
    #expect(throws: XMLError(code: .notUTF8, offset: 0)) { try XMLReader.root([0x3C, 0xFF]) }
  }

  /// Whatever is written is read again as it was, and damaged bytes end in an error or a tree.
  @Test func writingAndReadingAgree() throws {
    var random = SplitMix64(seed: 7)
    let words = ["", "a", "<&>\"'", "é\u{1F512}", " x\ty\n", "]]>", "\u{FFFD}"]
    func node(_ depth: Int) -> XMLNode {
      var node = XMLNode(["a", "entry", "x-y.z", "_:n"].randomElement(using: &random) ?? "a")
      for name in ["k", "l"] where Bool.random(using: &random) {
        node.attributes.append(.init(name, words.randomElement(using: &random) ?? ""))
      }
      if Bool.random(using: &random) { node.text = words.randomElement(using: &random) ?? "" }
      if depth < 4 {
        node.children = (0..<Int.random(in: 0...3, using: &random)).map { _ in node_(depth + 1) }
      }
      return node
    }
    func node_(_ depth: Int) -> XMLNode { node(depth) }
    for _ in 0..<200 {
      let tree = node(0)
      let bytes = Array(tree.description.utf8)
      #expect(try XMLReader.root(bytes) == tree)
      for _ in 0..<10 {
        var damaged = bytes
        let index = Int.random(in: 0..<damaged.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: damaged[index] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged.remove(at: index)
        default: damaged.removeLast(damaged.count - index)
        }
        _ = try? XMLReader.root(damaged)
      }
    }
    #expect(XMLNode.escaped("a\u{0}\u{1B}") == "a\u{FFFD}\u{FFFD}")
  }
}
