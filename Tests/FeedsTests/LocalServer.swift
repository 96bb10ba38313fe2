import Foundation
import HTTPTransport

/// A program that a test started, with its standard input held open, so that it can end with the test.
final class ServerProcess: Sendable {
  private let process: Process
  private let input: Pipe

  init(_ program: String, _ arguments: [String], output: Pipe? = nil, log: String? = nil) throws {
    process = Process()
    input = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    if let log {
      try Data().write(to: URL(filePath: log))
      process.standardError = FileHandle(forWritingAtPath: log)
      if output == nil { process.standardOutput = process.standardError }
    }
    try process.run()
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    // A thread of the concurrency pool hands down its blocked signals; this one cannot be blocked.
    // One that never began has the number 0, which would mean ourselves.
    if process.isRunning, process.processIdentifier > 0 { kill(process.processIdentifier, SIGKILL) }
  }

  deinit { stop() }
}

/// A folder that is gone at the end.
final class Folder: Sendable {
  let path: String

  init(at path: String = NSTemporaryDirectory() + "sekisho-feeds-" + UUID().uuidString) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ text: String, to name: String) throws {
    let url = URL(filePath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  func text(_ name: String) -> String? { try? String(contentsOfFile: path + "/" + name, encoding: .utf8) }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A web server on loopback whose answers are the files of a folder.
///
/// `NAME.meta` may hold `{"status":…,"headers":{…},"cut":true,"delay":seconds}`. A request with a query is
/// answered by `NAME@FIRST=PAIR` where there is such a file. Answers have an `ETag`, and 304 follows from
/// it. Requests are written to `requests.log`, with the fields that matter.
final class LocalServer: Sendable {
  fileprivate let folder: Folder
  private let port: UInt16
  fileprivate let origin: String
  private let process: ServerProcess

  init(certificate: (file: String, key: String)? = nil) throws {
    folder = try Folder()
    try folder.write(Self.program, to: ".server.py")
    let output = Pipe()
    process = try ServerProcess(
      "/usr/bin/env",
      ["python3", folder.path + "/.server.py", folder.path] + (certificate.map { [$0.file, $0.key] } ?? []),
      output: output)
    var line = ""
    while !line.hasSuffix("\n") {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      guard !byte.isEmpty else { throw CocoaError(.fileReadUnknown) }
      line += String(decoding: byte, as: UTF8.self)
    }
    port = UInt16(line.dropLast()) ?? 0
    origin = (certificate == nil ? "http" : "https") + "://127.0.0.1:\(port)"
  }

  /// Serves every test that needs no certificate, and ends with the process.
  static let shared = Result { try LocalServer() }

  private static let program = """
    import hashlib, http.server, json, os, shutil, ssl, sys, threading, time
    root = sys.argv[1]
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *a): pass
        def do_GET(self):
            path, _, query = self.path.partition("?")
            name = root + path
            if query and os.path.isfile(name + "@" + query.split("&")[0]):
                name += "@" + query.split("&")[0]
            meta = {}
            if os.path.isfile(name + ".meta"):
                meta = json.load(open(name + ".meta"))
            time.sleep(meta.get("delay", 0))
            body = open(name, "rb").read() if os.path.isfile(name) else b"not here"
            status = meta.get("status", 200 if os.path.isfile(name) else 404)
            tag = '"' + hashlib.sha1(body).hexdigest() + '"'
            if status == 200 and self.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            with open(root + "/requests.log", "a") as log:
                log.write(" ".join([self.path, "match" if "If-None-Match" in self.headers else "-",
                    self.headers.get("X-Api-Key") or self.headers.get("Authorization") or "-", str(status)]) + "\\n")
            self.send_response(status)
            self.send_header("ETag", tag)
            for key, value in meta.get("headers", {}).items(): self.send_header(key, value)
            if status != 304: self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if meta.get("cut"):
                self.wfile.write(body[:len(body) // 2]); self.close_connection = True
            else:
                self.wfile.write(body)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    def leave():
        sys.stdin.read()
        shutil.rmtree(root, ignore_errors=True)
        os._exit(0)
    threading.Thread(target=leave, daemon=True).start()
    print(server.server_address[1], flush=True)
    server.serve_forever()
    """
}

/// A part of a local server that belongs to one test.
final class LocalSite: Sendable {
  let folder: Folder
  private let server: LocalServer
  private let name: String

  init(on server: LocalServer) throws {
    self.server = server
    name = UUID().uuidString
    folder = try Folder(at: server.folder.path + "/" + name)
  }

  func url(_ path: String) throws -> HTTPURL { try HTTPURL("\(server.origin)/\(name)\(path)") }

  /// One line for each request so far: path, `If-None-Match`, credentials, status.
  var requests: [String] {
    (server.folder.text("requests.log") ?? "").split(separator: "\n").compactMap { line in
      line.hasPrefix("/\(name)/") ? String(line.dropFirst(name.count + 1)) : nil
    }
  }
}

/// Where `Scripts/feed-peers` puts real servers.
enum Peers {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".build/peers").path

  static let medallion = folder + "/medallion/bin/medallion"
  static let crowdsec = folder + "/crowdsec/usr/bin/crowdsec"

  static var hasMedallion: Bool { FileManager.default.isExecutableFile(atPath: medallion) }
  static var hasCrowdSec: Bool { FileManager.default.isExecutableFile(atPath: crowdsec) }

  /// A port that was free a moment ago, for servers that cannot choose one.
  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isBound else { throw CocoaError(.fileReadUnknown) }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// Waits for a state, looking at it again and again; false after a long time.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
  for _ in 0..<1500 {
    if try await condition() { return true }
    try? await Task.sleep(for: .milliseconds(20))
  }
  return false
}

func run(_ program: String, _ arguments: [String]) throws -> Int32 {
  let process = Process()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}
