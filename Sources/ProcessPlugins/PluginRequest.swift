import FirewallKit
import FoundationEssentials
import HTTPTransport
import NetworkTypes

/// What a plugin is asked, but for the greeting, which alone holds secrets.
enum PluginRequest: Sendable {
  case state(scope: Scope, at: Timestamp)
  case operations(from: WireState, to: WireState, at: Timestamp)
  case perform(message: String)
  case validate(messages: [String])

  /// The word in the message.
  var word: String {
    switch self {
    case .state: "state"
    case .operations: "operations"
    case .perform: "perform"
    case .validate: "validate"
    }
  }

  /// The line without its end; the same bytes for the same request.
  func line(id: Int) throws -> [UInt8] {
    try Self.encoder.encode(Message(id: id, request: self)).bytes
  }

  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  private struct Message: Encodable {
    let id: Int
    let request: PluginRequest

    private enum Key: String, CodingKey { case id, request, at, targets, from, to, message, messages }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(id, forKey: .id)
      try container.encode(request.word, forKey: .request)
      switch request {
      case .state(let scope, let moment):
        try container.encode(moment, forKey: .at)
        if case .targets(let targets) = scope { try container.encode(targets.sorted(), forKey: .targets) }
      case .operations(let from, let to, let moment):
        try container.encode(moment, forKey: .at)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
      case .perform(let message):
        try container.encode(message, forKey: .message)
      case .validate(let messages):
        try container.encode(messages, forKey: .messages)
      }
    }
  }

  /// The first message to a plugin, with the secrets it was given.
  static func hello(
    id: Int, settings: PluginSettings, secrets: [String: Secret]
  ) throws -> SensitiveText {
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try Self.encoder.encode(value), as: UTF8.self)
    }
    var text: SensitiveText = """
      {"id":\(id),"request":"hello","protocol":\(PluginProtocol.version),\
      "direction":"\(settings.direction.rawValue)","settings":\(try json(settings.settings)),"secrets":{
      """
    for (place, name) in secrets.keys.sorted().enumerated() {
      guard let secret = secrets[name] else { continue }
      text = text + "\(place == 0 ? "" : ",")\(try json(name)):\"\(json: secret)\""
    }
    return text + "}}"
  }
}

/// A state as it is told to a plugin: timers in seconds of its device, the margin included.
struct WireState: Sendable, Encodable {
  var scaffold: Scaffold
  var allowed: [IPPrefix]
  /// `nil` for a block without a timer.
  var blocks: [String: Int64?]

  /// Two readings of one timer, in whole seconds, may be this far apart; nothing is to be done then.
  static let sameTimer: Duration = .seconds(2)

  /// - Parameters:
  ///   - moment: when timers start.
  ///   - timed: whether the device has timers.
  ///   - other: the deadlines that this state is compared with: a timer that is as good as the same gets the
  ///     same number.
  init(
    _ state: FirewallState, scaffold: Scaffold, at moment: Timestamp, timed: Bool,
    comparedWith other: [BlockTarget: Timestamp] = [:]
  ) {
    self.scaffold = scaffold
    allowed = state.allowed.sorted()
    blocks = Dictionary(minimumCapacity: state.blocks.count)
    for (target, deadline) in state.blocks {
      var counted = deadline
      if let old = other[target], old != .untimed, deadline != .untimed {
        let distance = old > deadline ? old - deadline : deadline - old
        if distance <= Self.sameTimer { counted = old }
      }
      let seconds = timed && counted != .untimed ? DeviceTimer.seconds(until: counted, from: moment) : nil
      blocks.updateValue(seconds, forKey: target.description)
    }
  }
}

extension Data {
  var bytes: [UInt8] { [UInt8](self) }
}
