import Foundation
import HTTPTransport
import NetworkTypes
import Testing

@testable import AWSWAF

/// The API of AWS as moto has it, which nobody here wrote, with something in front of it that keeps the very
/// bytes of both sides, and fails when it is told to. What is prepared and checked goes by boto3, AWS's own
/// client.
final class MotoServer: Sendable {
  /// What happens to a request in the place of being answered.
  enum Fault: String, CaseIterable {
    /// The connection ends, and nothing was done.
    case cutBefore = "cut-before"
    /// It was done, and the connection ends.
    case cutAfter = "cut-after"
    /// It was done, and an error is told.
    case errorAfter = "error-after"
    /// It was done, and half of the answer arrives.
    case truncated
    /// Somebody else changes the set just before.
    case moved
    case throttle
    case denied
    /// Somebody on the way asks to come back later.
    case html
  }

  /// Two messages as they were on the wire.
  struct Exchange: Sendable {
    var request: String
    var answer: String
  }

  static let python =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".build/peers/moto/bin/python3").path
  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: python) }

  static let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  static let token = "FwoGZXIvYXdzEXAMPLETOKEN//////////"

  let folder: String
  let origin: String
  let settings: AWSWAFSettings
  private let process = Process()
  private let input = Pipe()
  private let client: HTTPClient

  /// Starts it, with four sets of ours and one of somebody else.
  init() async throws {
    folder = NSTemporaryDirectory() + "sekisho-moto-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in [("server.py", Self.program), ("aws.key", Self.key), ("aws.token", Self.token)] {
      let path = folder + "/" + name
      try Data((text + "\n").utf8).write(to: URL(filePath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
    let output = Pipe()
    process.executableURL = URL(filePath: Self.python)
    process.arguments = [folder + "/server.py"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line = ""
    while !line.hasSuffix("\n") {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      try #require(!byte.isEmpty, "moto does not start")
      line += String(decoding: byte, as: UTF8.self)
    }
    origin = "http://127.0.0.1:\(line.dropLast())"
    client = HTTPClient()
    let (origin, client) = (origin, client)
    func set(for role: IPSetRole) async throws -> IPSetARN {
      try await Self.create(
        "sekisho-\(role.rawValue)", role.version, IPSetRole.mark, [], at: origin, by: client)
    }
    settings = AWSWAFSettings(
      blockIPv4: try await set(for: .blockIPv4), blockIPv6: try await set(for: .blockIPv6),
      allowIPv4: try await set(for: .allowIPv4), allowIPv6: try await set(for: .allowIPv6),
      accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: .file(path: folder + "/aws.key"),
      sessionToken: .file(path: folder + "/aws.token"), endpoint: try HTTPURL(origin),
      updatesPerSecond: 1000)
    _ = try await Self.create(
      "others", "IPV4", "offices", ["203.0.113.200/32"], at: origin, by: client)
  }

  deinit {
    try? input.fileHandleForWriting.close()
    // A thread of the concurrency pool hands down its blocked signals; this one cannot be blocked.
    if process.isRunning, process.processIdentifier > 0 { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  func adapter(
    _ settings: AWSWAFSettings? = nil, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) -> AWSWAFAdapter {
    AWSWAFAdapter(settings: settings ?? self.settings, sender: client, clock: clock)
  }

  // MARK: By boto3

  func create(
    _ name: String, _ version: String, _ description: String, _ addresses: [String]
  ) async throws -> IPSetARN {
    try await Self.create(name, version, description, addresses, at: origin, by: client)
  }

  private static func create(
    _ name: String, _ version: String, _ description: String, _ addresses: [String], at origin: String,
    by client: HTTPClient
  ) async throws -> IPSetARN {
    struct Order: Encodable {
      var name, version, description: String
      var addresses: [String]
    }
    let order = Order(name: name, version: version, description: description, addresses: addresses)
    let arn: String = try await control("create", order, at: origin, by: client)
    return try #require(IPSetARN(arn))
  }

  func addresses(_ name: String) async throws -> [String] { try await control("addresses", ["name": name]) }

  func put(_ addresses: [String], into name: String) async throws {
    struct Order: Encodable {
      var name: String
      var addresses: [String]
    }
    let _: String? = try await control("put", Order(name: name, addresses: addresses))
  }

  // MARK: What is on the way

  func plan(_ fault: Fault, at action: String, count: Int = 1) async throws {
    struct Order: Encodable {
      var action, fault: String
      var count: Int
    }
    let _: String? = try await control("fault", Order(action: action, fault: fault.rawValue, count: count))
  }

  func calm() async throws { let _: String? = try await control("calm", [String: String]()) }

  /// What went by since this was last asked.
  func exchanges() async throws -> [Exchange] {
    let found: [[Data]] = try await control("log", [String: String]())
    return found.map {
      Exchange(
        request: String(decoding: $0[0], as: UTF8.self), answer: String(decoding: $0[1], as: UTF8.self))
    }
  }

  func count(of action: String) async throws -> Int { try await control("count", ["action": action]) }

  private func control<Answer: Decodable>(_ name: String, _ order: some Encodable) async throws -> Answer {
    try await Self.control(name, order, at: origin, by: client)
  }

  private static func control<Answer: Decodable>(
    _ name: String, _ order: some Encodable, at origin: String, by client: HTTPClient
  ) async throws -> Answer {
    let request = HTTPRequest(
      .post, try HTTPURL("\(origin)/control/\(name)"),
      body: SensitiveText(bytes: Array(try JSONEncoder().encode(order))),
      transport: TransportSettings(permitsPlainText: true))
    let response = try await client.send(request)
    return try JSONDecoder().decode(Answer.self, from: Data(response.body))
  }

  private static let program = #"""
    import base64, http.client, json, logging, os, socketserver, sys, threading
    import boto3, werkzeug.serving
    from moto.server import ThreadedMotoServer
    werkzeug.serving.WSGIRequestHandler.protocol_version = "HTTP/1.1"
    werkzeug.serving.WSGIRequestHandler.disable_nagle_algorithm = True
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    port = moto.get_host_and_port()[1]
    waf = boto3.client("wafv2", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="AKIAOTHERACCOUNTKEY1", aws_secret_access_key="other")
    lock = threading.Lock()
    faults, log, counts = [], [], {}
    def sets():
        return {s["Name"]: s for s in waf.list_ip_sets(Scope="REGIONAL")["IPSets"]}
    def put(name, change):
        s = sets()[name]
        found = waf.get_ip_set(Name=name, Scope="REGIONAL", Id=s["Id"])
        waf.update_ip_set(Name=name, Scope="REGIONAL", Id=s["Id"], LockToken=found["LockToken"],
            Description=found["IPSet"]["Description"], Addresses=change(found["IPSet"]["Addresses"]))
    def control(name, said):
        if name == "create":
            return waf.create_ip_set(Name=said["name"], Scope="REGIONAL", IPAddressVersion=said["version"],
                Description=said["description"], Addresses=said["addresses"])["Summary"]["ARN"]
        if name == "put": return put(said["name"], lambda old: said["addresses"])
        if name == "addresses":
            s = sets()[said["name"]]
            return sorted(waf.get_ip_set(Name=said["name"], Scope="REGIONAL", Id=s["Id"])["IPSet"]["Addresses"])
        with lock:
            if name == "fault": faults.extend([(said["action"], said["fault"])] * said["count"])
            if name == "calm": faults.clear()
            if name == "log":
                taken = list(log); log.clear()
                return taken
            if name == "count": return counts.get(said["action"], 0)
    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True
        def answer(self, status, body, kind="application/json"):
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)
        def handle(self):
            upstream = http.client.HTTPConnection("127.0.0.1", port)
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = self.rfile.readline()
                    if not line: return
                    head += line
                lines = head.decode().split("\r\n")
                fields = {k.lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:] if l)}
                body = self.rfile.read(int(fields.get("content-length", 0)))
                path = lines[0].split(" ")[1]
                if path.startswith("/control/"):
                    result = control(path[9:], json.loads(body))
                    self.answer(200, json.dumps(result).encode())
                    continue
                action = fields.get("x-amz-target", "").split(".")[-1]
                with lock:
                    fault = next((f for f in faults if f[0] == action), None)
                    if fault: faults.remove(fault)
                fault = fault[1] if fault else ""
                if fault == "cut-before": return
                if fault == "throttle":
                    self.answer(400, b'{"__type":"ThrottlingException","message":"Rate exceeded"}'); continue
                if fault == "denied":
                    self.answer(400, b'{"__type":"com.amazonaws.wafv2#AccessDeniedException",'
                        b'"Message":"User is not authorized to perform wafv2:' + action.encode() + b'"}'); continue
                if fault == "html":
                    self.answer(429, b"<html><body>Slow down</body></html>", "text/html"); continue
                if fault == "moved":
                    name = json.loads(body)["Name"]
                    pattern = "2001:db8:ffff::{:x}/128" if name.endswith("6") else "198.51.100.{}/32"
                    put(name, lambda old: old + [pattern.format(len(old))])
                upstream.request("POST", path, body, fields)
                response = upstream.getresponse()
                data = response.read()
                with lock:
                    log.append([base64.b64encode(head + body).decode(), base64.b64encode(data).decode()])
                    counts[action] = counts.get(action, 0) + 1
                if fault == "cut-after": return
                if fault == "error-after":
                    self.answer(500, b'{"__type":"WAFInternalErrorException"}'); continue
                if fault == "truncated": data = data[:len(data) // 2]
                self.answer(response.status, data, "application/x-amz-json-1.1")
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 64
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)
    """#
}
