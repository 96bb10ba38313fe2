import DeviceRequests
import Enforcement
import FirewallConformance
import FirewallKit
import FirewallSimulators
import Foundation
import HTTPTransport
import Language
import NetworkTypes
import Policy
import Randomness
import Synchronization
import Testing

@testable import RESTPlugins

/// Answers that no simulator gives, and a firewall that only a stranger's description knows.
@Suite(.serialized) struct RESTAnswerTests {
  private func code(_ body: () async throws(AdapterError) -> Void) async -> AdapterError.Code? {
    do throws(AdapterError) {
      try await body()
      return nil
    } catch {
      return error.code
    }
  }

  private struct Trial {
    let device = ScriptedDevice()
    let server: DeviceServer
    let adapter: RESTAdapter
    let operation: FirewallKit.Operation
    let clock: AdjustableClock
    private let folder: AnyObject

    init<Device>(_ firewall: DescribedFirewall<Device>) async throws {
      server = try await DeviceServer(device)
      try Data(server.authority.utf8).write(to: URL(filePath: firewall.folder + "/ca.pem"))
      var settings = firewall.settings
      settings.endpoint.url = try HTTPURL(server.origin)
      settings.description.requirements = []
      adapter = firewall.adapter(settings)
      clock = firewall.clock
      folder = firewall
      var goal = FirewallState(readAt: clock.now, scaffold: adapter.scaffold)
      goal.blocks[BlockTarget("192.0.2.1")!] = clock.now + .seconds(60)
      operation = try #require(
        try adapter.operations(from: FirewallState(readAt: clock.now), to: goal).first)
    }
  }

  private func ends(
    _ trial: Trial, _ body: String, status: Int = 200
  ) async -> (reading: AdapterError.Code?, change: AdapterError.Code?) {
    trial.device.answer.withLock {
      $0 = SimulatedAnswer(status: status, type: "application/json", text: body)
    }
    let adapter = trial.adapter
    let reading = await code { () async throws(AdapterError) in _ = try await adapter.state(in: .everything) }
    let change = await code { () async throws(AdapterError) in try await adapter.perform(trial.operation) }
    return (reading, change)
  }

  /// A change may have been applied whatever was answered; a reading proves nothing.
  @Test func whatIsNoAnswerIsNeverTakenForOne() async throws {
    let deep = String(repeating: "[", count: 5000)
    let common = ["", "null", "{", "<html>login</html>", deep, "\"done\"", "{\"rows\":{}}", "[[]]x"]
    let router = try await Trial(try await RouterOSFirewall())
    for body in common + [#"[{"comment":"sekisho"}]"#, "{}"] {
      let found = await ends(router, body)
      #expect(found.reading == .unreadable && found.change == .timedOut, "\(body.prefix(60)): \(found)")
    }
    for body in [
      #"[{"address":"a.example.org","comment":"sekisho"}]"#,
      #"[{"address":"192.0.2.1","timeout":"soon","comment":"sekisho"}]"#,
    ] {
      #expect(await ends(router, body).reading == .unreadable, "\(body)")
    }
    // Others' entries are none of our business, whatever they are.
    let foreign = await ends(router, #"[{"address":"a.example.org"},{"address":7,"timeout":[]}]"#)
    #expect(foreign.reading == nil)
    let firewall = try await Trial(try await OPNsenseFirewall())
    for body in common + [
      "{}", #"{"rows":[],"total":-1}"#, #"{"rows":[{"ip":"192.0.2.1"}],"total":9223372036854775807}"#,
      #"{"rows":[]}"#, #"{"rows":[{}],"total":1}"#,
      #"{"rows":[{"ip":"!192.0.2.1"}],"total":1}"#, #"{"rows":["192.0.2.1"],"total":1}"#,
    ] {
      let found = await ends(firewall, body)
      #expect(found.reading == .unreadable && found.change == .timedOut, "\(body.prefix(60)): \(found)")
    }
    // Rows that never add up to the total: somebody keeps changing the list, or cuts it.
    for body in [#"{"rows":[],"total":3}"#, #"{"rows":[{"ip":"192.0.2.1"}],"total":0}"#] {
      #expect(await ends(firewall, body).reading == .busy)
    }
  }

  @Test func whatTheAnswerSaysDecides() async throws {
    let router = try await Trial(try await RouterOSFirewall())
    let firewall = try await Trial(try await OPNsenseFirewall())
    for (trial, body, status, reading, change) in [
      (router, #"{"error":401,"message":"Unauthorized"}"#, 401, .unauthorized, .unauthorized),
      (router, #"{"error":500,"detail":"not enough permissions (9)"}"#, 500, .unauthorized, .unauthorized),
      (router, #"{"error":400,"detail":"Session timeout"}"#, 400, .timedOut, .timedOut),
      (router, #"{"error":400,"detail":"out of memory"}"#, 400, .capacity, .capacity),
      (router, #"{"error":400,"detail":"unknown parameter x"}"#, 400, .rejected, .rejected),
      (router, #"{"ret":"*1A"}"#, 200, .unreadable, .rejected),
      (router, #"{"ret":""}"#, 200, .unreadable, nil),
      (router, "{}", 404, .rejected, .rejected), (router, "{}", 302, .unreadable, .unreadable),
      (router, "busy", 503, .unavailable, .timedOut),
      (firewall, #"{"status":403,"message":"Forbidden"}"#, 403, .unauthorized, .unauthorized),
      (firewall, #"{"status":"failed"}"#, 200, .rejected, .rejected),
      (firewall, #"{"status":"done"}"#, 200, .unreadable, nil),
      (firewall, #"{"status":"failed","status_msg":"nonexistent alias x"}"#, 200, .unavailable, .unavailable),
    ] as [(Trial, String, Int, AdapterError.Code?, AdapterError.Code?)] {
      let found = await ends(trial, body, status: status)
      #expect(found.reading == reading && found.change == change, "\(status) \(body): \(found)")
    }
  }

  /// A device that repeats what it was sent must not bring it into a log.
  @Test func noErrorRepeatsASecret() async throws {
    let firewall = try await RouterOSFirewall()
    let trial = try await Trial(firewall)
    let plain = "\(firewall.device.model.user):\(firewall.device.model.password)"
    let encoded = Data(plain.utf8).base64EncodedString()
    for secret in [plain, encoded] {
      for body in [
        "{\"error\":400,\"detail\":\"bad \(secret)\"}", "<html>\(secret)</html>",
        "[{\"comment\":\"sekisho\",\"address\":\"\(secret)\"}]",
        "[{\"comment\":\"sekisho\",\"address\":\"192.0.2.1\",\"timeout\":\"\(secret)\"}]",
      ] {
        trial.device.answer.withLock {
          $0 = SimulatedAnswer(status: body.hasPrefix("{") ? 400 : 200, type: "text/html", text: body)
        }
        for change in [true, false] {
          do throws(AdapterError) {
            if change {
              try await trial.adapter.perform(trial.operation)
            } else {
              _ = try await trial.adapter.state(in: .everything)
            }
            Issue.record("\(body) was taken")
          } catch {
            #expect(!"\(error)".contains(secret), "\(error)")
          }
        }
      }
    }
  }

  /// Bytes of every kind: an error or a state, never an end.
  @Test func mangledAnswersAreSurvived() async throws {
    let trial = try await Trial(try await RouterOSFirewall())
    var random = SplitMix64(seed: 11)
    let whole = Array(
      #"[{".id":"*1","address":"192.0.2.1","timeout":"59m58s","comment":"sekisho"},{"ret":"\u00e9"}]"#.utf8)
    for _ in 0..<300 {
      var body = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) where !body.isEmpty {
        let index = Int.random(in: 0..<body.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: body[index] = UInt8.random(in: 0...255, using: &random)
        case 1: body.remove(at: index)
        default: body = Array(body[..<index])
        }
      }
      trial.device.answer.withLock {
        $0 = SimulatedAnswer(status: 200, headers: [("Content-Type", "application/json")], body: body)
      }
      let adapter = trial.adapter
      _ = await code { () async throws(AdapterError) in _ = try await adapter.state(in: .everything) }
    }
  }

  // MARK: A stranger's firewall

  /// One entry in a request, timers count seconds, pages count from 0, the key is a token.
  private static let description = """
    format: 1
    name: strangers-firewall
    summary: {en: A firewall that nobody here knows, ja: だれも知らないファイアウォール}
    capabilities:
      {kinds: [address4, address6, prefix4, prefix6], atomicity: entry, read-back: configured, expiry: device,
       prefixes: overlapping, maximum-seconds: 100000, maximum-blocks: 500, survives-restart: true}
    settings: {group: bad}
    secrets: [credentials]
    headers: {X-Token: "{secret.credentials}"}
    requests-per-second: 1000
    lists:
      - {role: block, kinds: [address4, address6, prefix4, prefix6], name: "{setting.group}", spelling: cidr}
      - {role: allow, kinds: [address4, address6, prefix4, prefix6], name: good, spelling: cidr}
    read:
      all: {method: GET, path: "/v1/{list.name}?page={page}&size={size}"}
      entries: data.items
      address: value
      timer: {path: ttl}
      pages: {size: 3, first: 0, total: data.count}
    add: {method: PUT, path: "/v1/{list.name}/{address}", body: '{"ttl":"{timer}"}', timer: "{seconds}"}
    remove: {method: DELETE, path: "/v1/{list.name}/{address}"}
    errors:
      - {status: 404, path: error, contains: no such, means: harmless}
    words: [error]
    """

  @Test func aStrangersDescriptionIsEnough() async throws {
    let clock = AdjustableClock()
    let device = StrangersDevice(clock: { clock.now })
    let firewall = try await DescribedFirewall(
      device, clock: clock,
      description: try RESTDescription(parsing: Self.description, file: "strangers.yaml"),
      credentials: "token")
    let subject = firewall.subject(
      foreign: { _ in "" }, lose: { $0.state.withLock { $0 = StrangersDevice.State() } })
    // The walk has the faults.
    let laws = Conformance.laws.filter { !$0.name.hasPrefix("fault-") }
    let report = try await Conformance.run(subject, laws: laws)
    for line in report.broken { Issue.record("\(line.law): \(line.finding)") }
    try await RandomWalk(sequences: 3, seed: 5).run(subject)
    #expect(device.violations == [])
    let adapter = firewall.adapter()
    let goal = FirewallState(
      readAt: clock.now, scaffold: adapter.scaffold, allowed: [IPPrefix("192.0.2.7")!],
      blocks: [BlockTarget("192.0.2.0/24")!: clock.now + .seconds(60)])
    let lines = try adapter.operations(from: FirewallState(readAt: clock.now), to: goal).map { operation in
      guard case .request(let method, let url, _, let body) = operation.step else { return operation.kind }
      return "\(method) \(url.dropFirst(firewall.server.origin.count)) \(body)"
    }
    #expect(
      lines == [
        #"PUT /v1/good/192.0.2.7%2F32 {"ttl":""}"#, #"PUT /v1/bad/192.0.2.0%2F24 {"ttl":"120"}"#,
      ])
    let name = BlockTarget("a.example.org")!
    #expect(
      await code { () async throws(AdapterError) in
        _ = try adapter.operations(
          from: goal,
          to: FirewallState(readAt: clock.now, scaffold: adapter.scaffold, blocks: [name: clock.now]))
      } == .unsupported)
  }
}

/// Two groups of entries.
private final class StrangersDevice: SimulatedDevice {
  static let name = "strangers"

  struct State {
    var groups: [String: [String: Timestamp?]] = [:]
    var violations: [String] = []
  }

  let state = Mutex(State())
  let clock: @Sendable () -> Timestamp

  init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

  var violations: [String] { state.withLock(\.violations) }
  func isChange(_ request: SimulatedRequest) -> Bool { request.method != "GET" }

  func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    let path = request.target.replacing("%2F", with: "/").replacing("%3A", with: ":")
      .split(separator: "?")
    let parts = path[0].split(separator: "/").map(String.init)
    let now = clock()
    return state.withLock { state in
      for (group, entries) in state.groups {
        for (address, end) in entries where end.map({ $0 <= now }) ?? false {
          state.groups[group]?[address] = nil
        }
      }
      guard request.header("X-Token") == "token" else { return json(401, "{}") }
      switch (request.method, parts.count) {
      case ("GET", 2):
        let numbers = path[1].split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
        let all = (state.groups[parts[1]] ?? [:]).sorted { $0.key < $1.key }
        let rows = all.dropFirst(numbers[0] * numbers[1]).prefix(numbers[1]).map { address, end in
          let ttl = end.map { ",\"ttl\":\(($0 - now).components.seconds)" } ?? ""
          return "{\"value\":\"\(address)\"\(ttl)}"
        }
        return json(200, "{\"data\":{\"count\":\(all.count),\"items\":[\(rows.joined(separator: ","))]}}")
      case ("PUT", 4):
        let seconds = Int64(String(decoding: request.body, as: UTF8.self).filter(\.isNumber))
        state.groups[parts[1], default: [:]].updateValue(
          seconds.map { now + .seconds($0) }, forKey: "\(parts[2])/\(parts[3])")
        return json(201, "{}")
      case ("DELETE", 4):
        guard state.groups[parts[1]]?.removeValue(forKey: "\(parts[2])/\(parts[3])") != nil else {
          return json(404, #"{"error":"no such entry"}"#)
        }
        return json(204, "")
      default:
        state.violations.append("\(request.method) \(request.target)")
        return json(404, #"{"error":"what?"}"#)
      }
    }
  }

  private func json(_ status: Int, _ text: String) -> SimulatedAnswer {
    SimulatedAnswer(status: status, type: "application/json", text: text)
  }
}
