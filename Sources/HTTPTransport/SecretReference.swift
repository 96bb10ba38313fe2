import Glibc
public import Language

/// Where a secret is kept. Settings hold this and never the secret itself.
public enum SecretReference: Hashable, Sendable, Codable {
  /// A regular file that neither its group nor others can read, owned by us or by root.
  case file(path: String)
  case environment(variable: String)
  /// A credential that systemd hands to the service (`LoadCredential=`, systemd.exec(5)).
  case credential(name: String)
}

extension SecretReference: LosslessStringConvertible {
  /// `file:/etc/sekisho/panos.key`, `env:PANOS_KEY` or `credential:panos-key`.
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let rest = String(text[text.index(after: colon)...])
    guard !rest.isEmpty, !rest.utf8.contains(0) else { return nil }
    switch text[..<colon] {
    case "file": self = .file(path: rest)
    case "env": self = .environment(variable: rest)
    case "credential":
      guard !rest.contains("/"), rest != ".", rest != ".." else { return nil }
      self = .credential(name: rest)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .file(let path): "file:\(path)"
    case .environment(let variable): "env:\(variable)"
    case .credential(let name): "credential:\(name)"
    }
  }

  /// What the secret is called unless its user has a better name.
  public var name: String {
    switch self {
    case .file(let path): String(path.split(separator: "/").last ?? "file")
    case .environment(let variable): variable
    case .credential(let name): name
    }
  }
}

extension SecretReference {
  /// The largest secret that is read, in bytes: a private key with its chain fits.
  public static let maximumBytes = 65_536

  /// Reads the secret now. One line end at its end does not belong to it.
  /// - Parameters:
  ///   - name: what it is called, when there is a better name than its place.
  ///   - environment: `nil` for the environment of this process.
  public func load(
    named name: String? = nil, environment: [String: String]? = nil
  ) throws(SecretError) -> Secret {
    func lookUp(_ variable: String) -> String? {
      if let environment { return environment[variable] }
      return getenv(variable).map { String(cString: $0) }
    }
    var bytes: [UInt8]
    switch self {
    case .file(let path):
      bytes = try Self.contents(of: path, isPrivate: true, for: self)
    case .environment(let variable):
      guard let value = lookUp(variable) else { throw SecretError(code: .missing, reference: self) }
      bytes = Array(value.utf8)
    case .credential(let credential):
      guard let folder = lookUp("CREDENTIALS_DIRECTORY") else {
        throw SecretError(code: .noCredentials, reference: self)
      }
      // The directory belongs to one service, and systemd may grant it by an access list, whose mask
      // shows as the group's rights. So rights are not judged here.
      bytes = try Self.contents(of: "\(folder)/\(credential)", isPrivate: false, for: self)
    }
    if bytes.last == 0x0A { bytes.removeLast() }
    if bytes.last == 0x0D { bytes.removeLast() }
    guard !bytes.isEmpty else { throw SecretError(code: .empty, reference: self) }
    guard bytes.count <= Self.maximumBytes else { throw SecretError(code: .tooLarge, reference: self) }
    return Secret(name: name ?? self.name, bytes: bytes)
  }

  private static func contents(
    of path: String, isPrivate: Bool, for reference: SecretReference
  ) throws(SecretError) -> [UInt8] {
    // Without O_NONBLOCK a named pipe in place of the file would hang us.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code: SecretError.Code = errno == ENOENT ? .missing : .unreadable
      throw SecretError(code: code, reference: reference, detail: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SecretError(code: .notAFile, reference: reference)
    }
    if isPrivate {
      guard status.st_mode & 0o077 == 0 else {
        let mode = String(status.st_mode & 0o777, radix: 8)
        throw SecretError(code: .readableByOthers, reference: reference, detail: "mode \(mode)")
      }
      guard status.st_uid == geteuid() || status.st_uid == 0 else {
        throw SecretError(code: .foreignOwner, reference: reference, detail: "uid \(status.st_uid)")
      }
    }
    var buffer = [UInt8](repeating: 0, count: maximumBytes + 2)
    var filled = 0
    while filled < buffer.count {
      let count = buffer.withUnsafeMutableBytes {
        read(descriptor, $0.baseAddress! + filled, $0.count - filled)
      }
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw SecretError(code: .unreadable, reference: reference, detail: String(cString: strerror(errno)))
      }
      filled += count
    }
    return Array(buffer[..<filled])
  }
}

/// Why a secret cannot be had. Never holds any of it.
public struct SecretError: Error, Sendable, Hashable {
  public enum Code: String, Sendable, Codable, CaseIterable {
    case missing
    case noCredentials
    case notAFile
    case readableByOthers
    case foreignOwner
    case empty
    case tooLarge
    case unreadable
  }

  public var code: Code
  public var reference: SecretReference
  /// The system's own words; may be empty.
  public var detail: String

  public init(code: Code, reference: SecretReference, detail: String = "") {
    self.code = code
    self.reference = reference
    self.detail = detail
  }

  /// What is wrong with which reference, and what to do.
  public var message: Phrase {
    let place = reference.description
    let words = detail.isEmpty ? "" : " (\(detail))"
    let japaneseWords = detail.isEmpty ? "" : "（\(detail)）"
    switch code {
    case .missing:
      return Phrase(
        en: "The secret \(place) is not there\(words). Create it, or correct the setting.",
        ja: "シークレット \(place) がありません\(japaneseWords)。作成するか、設定を修正してください。")
    case .noCredentials:
      return Phrase(
        en: "The secret \(place) needs systemd, which hands it over by LoadCredential=; "
          + "CREDENTIALS_DIRECTORY is not set here.",
        ja: "シークレット \(place) は systemd の LoadCredential= で渡されますが、CREDENTIALS_DIRECTORY が設定されていません。")
    case .notAFile:
      return Phrase(
        en: "The secret \(place) is not a regular file.",
        ja: "シークレット \(place) は通常のファイルではありません。")
    case .readableByOthers:
      return Phrase(
        en: "The secret \(place) can be read by its group or by others\(words). Run chmod 600 on it.",
        ja: "シークレット \(place) はグループまたは他のユーザーが読み取れます\(japaneseWords)。chmod 600 を実行してください。")
    case .foreignOwner:
      return Phrase(
        en:
          "The secret \(place) belongs to another user\(words). Make it belong to the service's user or root.",
        ja: "シークレット \(place) の所有者が別のユーザーです\(japaneseWords)。サービスのユーザーか root の所有にしてください。")
    case .empty:
      return Phrase(en: "The secret \(place) is empty.", ja: "シークレット \(place) は空です。")
    case .tooLarge:
      return Phrase(
        en: "The secret \(place) is larger than \(SecretReference.maximumBytes) bytes.",
        ja: "シークレット \(place) は \(SecretReference.maximumBytes) バイトを超えています。")
    case .unreadable:
      return Phrase(
        en: "The secret \(place) cannot be read\(words).",
        ja: "シークレット \(place) を読み取れません\(japaneseWords)。")
    }
  }
}
