import FirewallKit
import Language
import NetworkTypes

/// A line of a plugin: the answer to the request with this number, or why there is none.
struct PluginAnswer<Content: Decodable & Sendable>: Decodable, Sendable {
  let id: Int
  let result: Result<Content, AdapterError>

  private enum Key: String, CodingKey, CaseIterable { case id, answer, error }

  init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(beside: Key.self)
    let container = try decoder.container(keyedBy: Key.self)
    id = try container.decode(Int.self, forKey: .id)
    switch (container.contains(.answer), container.contains(.error)) {
    case (true, false): result = .success(try container.decode(Content.self, forKey: .answer))
    case (false, true): result = .failure(try container.decode(PluginRefusal.self, forKey: .error).error)
    default: throw Misunderstanding(reason: "exactly one of “answer” and “error” is expected")
    }
  }
}

/// An error as a plugin tells it.
private struct PluginRefusal: Decodable {
  let error: AdapterError

  private enum Key: String, CodingKey, CaseIterable { case code, message, detail }

  init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(beside: Key.self)
    let container = try decoder.container(keyedBy: Key.self)
    error = AdapterError(
      code: try container.decode(AdapterError.Code.self, forKey: .code),
      message: try container.decode(PluginText.self, forKey: .message).phrase,
      detail: PluginText.printable(
        try container.decodeIfPresent(String.self, forKey: .detail) ?? "", AdapterError.maximumDetail))
  }
}

/// `{}`.
struct NothingToTell: Decodable, Sendable {
  private enum Key: CodingKey, CaseIterable {}

  init(from decoder: any Decoder) throws { try decoder.refuseKeys(beside: Key.self) }
}

/// Who answers, and what must exist on its device before blocks can work.
struct HelloAnswer: Decodable, Sendable {
  let version: Int
  let manifest: AdapterManifest
  let scaffold: Scaffold

  private enum Key: String, CodingKey, CaseIterable {
    case version = "protocol"
    case manifest, scaffold
  }

  init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(beside: Key.self)
    let container = try decoder.container(keyedBy: Key.self)
    version = try container.decode(Int.self, forKey: .version)
    manifest = try container.decode(PluginManifest.self, forKey: .manifest).manifest
    scaffold = try container.decode(Scaffold.self, forKey: .scaffold)
    try expectBounded(scaffold)
    guard !scaffold.isEmpty else {
      throw Misunderstanding(reason: "the scaffold is empty; empty means that nothing of ours is there")
    }
  }
}

/// What a plugin read on its device.
struct StateAnswer: Decodable, Sendable {
  let scaffold: Scaffold
  let allowed: [IPPrefix]
  private let blocks: [String: Int64?]

  private enum Key: String, CodingKey, CaseIterable { case scaffold, allowed, blocks }

  init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(beside: Key.self)
    let container = try decoder.container(keyedBy: Key.self)
    scaffold = try container.decode(Scaffold.self, forKey: .scaffold)
    allowed = try container.decode([IPPrefix].self, forKey: .allowed)
    blocks = try container.decode([String: Int64?].self, forKey: .blocks)
    try expectBounded(scaffold)
  }

  /// The deadlines of the blocks, by what the plugin declares of itself.
  func deadlines(at moment: Timestamp, by able: Capabilities) throws -> [BlockTarget: Timestamp] {
    guard !scaffold.isEmpty || (allowed.isEmpty && blocks.isEmpty) else {
      throw Misunderstanding(reason: "there are entries without any scaffold")
    }
    var deadlines: [BlockTarget: Timestamp] = Dictionary(minimumCapacity: blocks.count)
    for (text, seconds) in blocks {
      guard let target = BlockTarget(text) else {
        throw Misunderstanding(reason: "a block is no address, prefix or name")
      }
      guard able.kinds.contains(target.kind) else {
        throw Misunderstanding(reason: "\(target) is of a kind that the plugin does not declare")
      }
      var deadline = Timestamp.untimed
      if let seconds {
        guard able.expiry == .device else {
          throw Misunderstanding(reason: "\(target) has a timer, and expiry is declared to be the gateway's")
        }
        guard 0...PluginProtocol.longestTimer ~= seconds else {
          throw Misunderstanding(reason: "the timer of \(target) is out of range")
        }
        deadline = DeviceTimer.deadline(remaining: .seconds(seconds), at: moment)
      }
      guard deadlines.updateValue(deadline, forKey: target) == nil else {
        throw Misunderstanding(reason: "\(target) is told twice")
      }
    }
    return deadlines
  }
}

/// The way from one state to another.
struct OperationsAnswer: Decodable, Sendable {
  let operations: [Operation]

  private enum Key: String, CodingKey, CaseIterable { case operations }

  private struct Step: Decodable {
    let operation: Operation

    private enum Key: String, CodingKey, CaseIterable { case summary, message }

    init(from decoder: any Decoder) throws {
      try decoder.refuseKeys(beside: Key.self)
      let container = try decoder.container(keyedBy: Key.self)
      let message = try container.decode(String.self, forKey: .message)
      guard !message.isEmpty, PluginText.isShowable(message) else {
        throw Misunderstanding(reason: "an operation is empty or has control characters")
      }
      operation = Operation(
        summary: try container.decode(PluginText.self, forKey: .summary).phrase, step: .message(message))
    }
  }

  init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(beside: Key.self)
    operations = try decoder.container(keyedBy: Key.self).decode([Step].self, forKey: .operations)
      .map(\.operation)
    guard operations.count <= PluginProtocol.mostOperations else {
      throw Misunderstanding(reason: "there are more than \(PluginProtocol.mostOperations) operations")
    }
  }
}

private func expectBounded(_ scaffold: Scaffold) throws {
  guard scaffold.count <= PluginProtocol.mostParts,
    scaffold.allSatisfy({ $0.key.utf8.count <= 200 && $0.value.utf8.count <= PluginProtocol.longestPart }),
    scaffold.allSatisfy({ PluginText.isShowable($0.key) && PluginText.isShowable($0.value) })
  else {
    throw Misunderstanding(reason: "the scaffold has too many parts, too long ones, or control characters")
  }
}
