import Foundation
import Language
import Testing

@testable import HTTPTransport

@Suite struct SecretTests {
  private let secret = Secret(name: "panos-key", value: "tr0ub4dor&3")

  /// Whatever turns a value into text, in the hands of somebody who means no harm.
  @Test func nothingPrintsASecret() throws {
    struct Holder { var label = "x", key: Secret, body: SensitiveText }
    let holder = Holder(key: secret, body: "key=\(form: secret)")
    var dumped = ""
    dump(holder, to: &dumped)
    let texts = [
      "\(secret)", String(describing: secret), String(reflecting: secret), secret.debugDescription,
      "\(holder)", String(reflecting: holder), "\([secret])", "\(Optional(secret) as Any)", dumped,
      String(decoding: try JSONEncoder().encode(["key": secret]), as: UTF8.self),
      "\(holder.body)", String(reflecting: holder.body),
      "\(SensitiveText.basic(user: "me", password: secret))",
      "\(SensitiveText.bearer(secret))",
    ]
    for text in texts {
      #expect(!text.contains("tr0ub4dor"), "\(text)")
      #expect(!text.contains("bWU6dHIwdWI0ZG9yJjM"), "\(text)")
      #expect(text.contains("‹secret:panos-key›"), "\(text)")
    }
    #expect(Mirror(reflecting: secret).children.isEmpty)
    #expect(Mirror(reflecting: holder.body).children.isEmpty)
  }

  @Test func aSecretCannotEndTheTextAroundIt() {
    let hostile = Secret(name: "x", value: "a\"b\\c\nd<e>&'f g/ü")
    func sent(_ text: SensitiveText) -> String { String(decoding: text.revealed(), as: UTF8.self) }
    #expect(sent("\(json: hostile)") == "a\\\"b\\\\c\\u000Ad<e>&'f g/ü")
    #expect(sent("\(xml: hostile)") == "a&quot;b\\c\nd&lt;e&gt;&amp;&apos;f g/ü")
    #expect(sent("\(form: hostile)") == "a%22b%5Cc%0Ad%3Ce%3E%26%27f%20g%2F%C3%BC")
    #expect(sent("\(hostile)") == "a\"b\\c\nd<e>&'f g/ü")
  }

  /// RFC 7617, section 2, and the test vectors of RFC 4648, section 10.
  @Test func basicAuthenticationIsEncodedAsTheStandardSays() {
    let password = Secret(name: "p", value: "open sesame")
    #expect(
      SensitiveText.basic(user: "Aladdin", password: password).revealed()
        == Array("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".utf8))
    for (text, encoded) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64.encoded(Array(text.utf8)) == Array(encoded.utf8))
    }
  }

  @Test func namesAreHarmless() {
    #expect(Secret(name: "a\u{1B}[31m›", value: "x").description == "‹secret:a_[31m_›")
    #expect(Secret(name: "", value: "x").description == "‹secret:unnamed›")
    #expect(Secret(name: String(repeating: "n", count: 500), value: "x").name.count == 80)
  }
}

@Suite final class SecretReferenceTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/sekisho-secret-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func file(_ content: String, mode: Int) throws -> String {
    let path = "\(folder)/\(UUID().uuidString)"
    try Data(content.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  private func value(_ secret: Secret) -> String {
    secret.reveal { String(decoding: [UInt8](copying: $0), as: UTF8.self) }
  }

  private func refusal(_ reference: SecretReference, _ environment: [String: String] = [:]) -> SecretError
    .Code?
  {
    do throws(SecretError) {
      _ = try reference.load(environment: environment)
      return nil
    } catch {
      #expect(!error.message.en.isEmpty && !error.message.ja.isEmpty)
      return error.code
    }
  }

  @Test func aPrivateFileIsReadWithoutItsLineEnd() throws {
    for (content, expected) in [
      ("word\n", "word"), ("word\r\n", "word"), ("two\nlines\n\n", "two\nlines\n"), (" a ", " a "),
    ] {
      let secret = try SecretReference.file(path: file(content, mode: 0o600)).load(named: "n")
      #expect(value(secret) == expected)
      #expect(secret.name == "n")
    }
  }

  @Test func aFileThatOthersCanReadIsRefused() throws {
    for mode in [0o640, 0o604, 0o644, 0o620, 0o610] {
      #expect(
        refusal(.file(path: try file("x", mode: mode))) == .readableByOthers, "\(String(mode, radix: 8))")
    }
    #expect(refusal(.file(path: try file("x", mode: 0o400))) == nil)
  }

  @Test func whatIsNotASecretFileIsNamedForWhatItIs() throws {
    #expect(refusal(.file(path: "\(folder)/absent")) == .missing)
    #expect(refusal(.file(path: folder)) == .notAFile)
    #expect(refusal(.file(path: "/dev/zero")) == .notAFile)
    #expect(refusal(.file(path: try file("\n", mode: 0o600))) == .empty)
    let large = String(repeating: "a", count: SecretReference.maximumBytes + 1)
    #expect(refusal(.file(path: try file(large, mode: 0o600))) == .tooLarge)
    mkfifo("\(folder)/pipe", 0o600)
    #expect(refusal(.file(path: "\(folder)/pipe")) == .notAFile)
    #expect(refusal(.environment(variable: "SEKISHO_ABSENT")) == .missing)
    #expect(refusal(.credential(name: "key")) == .noCredentials)
    #expect(refusal(.credential(name: "key"), ["CREDENTIALS_DIRECTORY": folder]) == .missing)
  }

  @Test func environmentAndCredentialsAreRead() throws {
    let variable = try SecretReference.environment(variable: "KEY").load(environment: ["KEY": "v"])
    #expect(value(variable) == "v" && variable.name == "KEY")
    let name = try file("c\n", mode: 0o440).split(separator: "/").last.map(String.init)!
    let credential = try SecretReference.credential(name: name).load(
      environment: ["CREDENTIALS_DIRECTORY": folder])
    #expect(value(credential) == "c")
  }

  @Test func referencesAreTextAndBack() throws {
    for text in ["file:/etc/sekisho/a:b", "env:KEY", "credential:panos-key"] {
      #expect(try #require(SecretReference(text)).description == text)
    }
    for text in [
      "", "file:", "/etc/passwd", "credential:../x", "credential:..", "word", "ENV:KEY", "file:\0",
    ] {
      #expect(SecretReference(text) == nil, "\(text)")
    }
  }
}
