import Foundation
import Glibc

/// nginx on loopback with certificates of all kinds, made by openssl; one for all tests of the process.
struct WebServer: Sendable {
  let folder: String
  /// Two servers with a good certificate for `localhost` and 127.0.0.1.
  let good: UInt16
  let other: UInt16
  let expired: UInt16
  let wrongHost: UInt16
  let selfSigned: UInt16
  /// Answers 400 to clients without a certificate.
  let mutual: UInt16
  /// `openssl s_server`: refuses clients without a certificate by an alert.
  let mutualByAlert: UInt16
  let plain: UInt16

  var authority: String { "\(folder)/ca.pem" }

  static let shared: Result<WebServer, any Error> = Result { try start() }

  /// What the script below left in a file.
  func file(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  private struct Failure: Error { var words: String }

  private static func start() throws -> WebServer {
    let folder = FileManager.default.temporaryDirectory.path + "/sekisho-http-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
    try run(certificates, in: folder)
    // Somebody may take a port between our look and nginx's; then others are tried.
    for _ in 0..<5 {
      let ports = freePorts(7)
      let server = WebServer(
        folder: folder, good: ports[0], other: ports[1], expired: ports[2], wrongHost: ports[3],
        selfSigned: ports[4], mutual: ports[5], mutualByAlert: try startAlertingServer(folder),
        plain: ports[6])
      try server.configuration.write(toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
      if try server.startNginx() { return server }
    }
    throw Failure(words: (try? String(contentsOfFile: "\(folder)/error.log", encoding: .utf8)) ?? "nginx")
  }

  private static let certificates = """
    set -eu
    key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    umask 077
    openssl req -x509 $key -keyout ca.key -out ca.pem -subj "/CN=Test authority" -days 30
    issue() { # NAME NAMES DAYS
      openssl req $key -keyout $1.key -out $1.csr -subj "/CN=$1"
      printf 'subjectAltName=%s\\n' "$2" > $1.ext
      openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -days $3 -extfile $1.ext -out $1.pem
    }
    issue good DNS:localhost,IP:127.0.0.1 30
    issue expired DNS:localhost,IP:127.0.0.1 -1
    issue elsewhere DNS:firewall.example.org 30
    issue client DNS:client.example.org 30
    openssl req -x509 $key -keyout self.key -out self.pem -subj /CN=localhost -days 30 \\
      -addext subjectAltName=DNS:localhost
    pin() { openssl x509 -in $1.pem -pubkey -noout | openssl pkey -pubin -outform der \\
      | openssl dgst -sha256 -binary | openssl base64; }
    pin good > good.pin
    pin client > other.pin
    printf 'one\\ntwo\\n' > data/list.txt
    head -c 3000000 /dev/zero | tr '\\0' 'a' > data/large.txt
    """

  private var configuration: String {
    func tls(_ port: UInt16, _ name: String, _ rest: String = "") -> String {
      """
      server {
        listen 127.0.0.1:\(port) ssl;
        ssl_certificate \(folder)/\(name).pem;
        ssl_certificate_key \(folder)/\(name).key;
        location / { return 200 "ok\\n"; }
        location /echo { return 200 "key=$http_x_key auth=$http_authorization plain=$http_x_plain\\n"; }
        \(rest)
      }

      """
    }
    let redirects = """
      location = /to-file { return 302 "file:///etc/passwd"; }
          location = /to-plain { return 302 "http://127.0.0.1:\(plain)/"; }
          location = /to-same { return 302 "/echo"; }
          location = /to-other { return 302 "https://localhost:\(other)/echo"; }
          location = /to-user { return 302 "https://user:word@localhost:\(other)/echo"; }
          location = /to-itself { return 302 "/to-itself"; }
          location /data/ { root \(folder); gzip on; gzip_types text/plain; gzip_min_length 10000; }
      """
    return """
      daemon off;
      master_process off;
      pid \(folder)/nginx.pid;
      error_log \(folder)/error.log;
      events { worker_connections 512; }
      http {
        access_log off;
        client_body_temp_path \(folder)/body;
        proxy_temp_path \(folder)/proxy;
        fastcgi_temp_path \(folder)/fastcgi;
        uwsgi_temp_path \(folder)/uwsgi;
        scgi_temp_path \(folder)/scgi;
        \(tls(good, "good", redirects))
        \(tls(other, "good"))
        \(tls(expired, "expired"))
        \(tls(wrongHost, "elsewhere"))
        \(tls(selfSigned, "self"))
        \(tls(mutual, "good", "ssl_verify_client on; ssl_client_certificate \(folder)/ca.pem;"))
        server { listen 127.0.0.1:\(plain); location / { return 200 "plain\\n"; } }
      }
      """
  }

  /// Starts nginx so that it ends with this process, however that ends: its guard reads from a pipe that
  /// only we hold open. It kills, because a child of a pool thread is born with signals blocked.
  private func startNginx() throws -> Bool {
    try Self.guarded(
      "nginx -c \(folder)/nginx.conf -p \(folder)", in: folder, output: nil)
    // The state to wait for: nginx accepts connections, or says why it cannot. Whether it runs cannot be
    // asked: its guard looks like a part of it to Foundation. Five seconds are for an nginx that is absent.
    for _ in 0..<1000 {
      if Self.accepts(plain) { return true }
      if let words = try? file("error.log"), words.contains("[emerg]") { break }
      usleep(5000)
    }
    return false
  }

  private static func startAlertingServer(_ folder: String) throws -> UInt16 {
    let output = Pipe()
    try guarded(
      "openssl s_server -accept 127.0.0.1:0 -cert good.pem -key good.key -CAfile ca.pem -tls1_3 "
        + "-Verify 1 -verify_return_error -www", in: folder, output: output)
    var text = ""
    while true {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Failure(words: text) }
      text += String(decoding: data, as: UTF8.self)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      if let line = lines.first(where: { $0.hasPrefix("ACCEPT") }),
        let port = line.split(separator: ":").last.flatMap({ UInt16($0) })
      {
        return port
      }
    }
  }

  private static func guarded(_ command: String, in folder: String, output: Pipe?) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.currentDirectoryURL = URL(filePath: folder)
    process.arguments = [
      "-c",
      """
      PATH="$PATH:/usr/sbin"
      exec 3<&0
      (read -r _ <&3; rm -rf "\(folder)"; kill -KILL $$) &
      exec \(command) </dev/null 3<&-
      """,
    ]
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = output ?? FileHandle.nullDevice
    try process.run()
    keepOpen(input)
  }

  /// The writing end must live as long as this process, and its descriptor must not reach later children.
  private static func keepOpen(_ pipe: Pipe) {
    let copy = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_DUPFD_CLOEXEC, 0)
    precondition(copy >= 0)
  }

  private static func run(_ script: String, in folder: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = URL(filePath: folder)
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let words = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(words: String(decoding: words, as: UTF8.self)) }
  }

  private static func accepts(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return address
  }

  private static func freePorts(_ count: Int) -> [UInt16] {
    let servers = (0..<count).map { _ in RawServer { _, _ in } }
    return servers.map(\.port)
  }
}
