public import Language

/// One step of a plan, as literally as it will be run. Data that can be printed, hashed and sent.
///
/// Secrets are named in it, never contained.
public struct Operation: Sendable, Hashable {
  /// The literal content, by the way it reaches the device.
  public enum Step: Sendable, Hashable {
    /// A command list in the JSON of libnftables: one kernel transaction.
    case nftables(commands: String)
    /// A program with its arguments and standard input; never a shell.
    case process(executable: String, arguments: [String], input: String)
    /// An HTTP request: an absolute URL, every field of the head in the order of sending, `Host` and
    /// `Content-Length` included, and the body. Secrets stand in it as `‹secret:name›`.
    case request(method: String, url: String, headers: [Header], body: String)
    /// A message in the adapter's own format.
    case message(String)
  }

  /// A field of a request's head.
  public struct Header: Sendable, Hashable, Codable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What the step does, for people.
  public var summary: Phrase
  public var step: Step

  public init(summary: Phrase, step: Step) {
    self.summary = summary
    self.step = step
  }

  /// The exact bytes that identify the step: what is shown, hashed and run. Parts are kept apart by
  /// newlines and a form feed, which neither arguments nor JSON here contain. A request is written as it
  /// would be read: request line, fields, an empty line, body.
  public var literal: String {
    switch step {
    case .nftables(let commands): commands
    case .process(let executable, let arguments, let input):
      ([executable] + arguments).joined(separator: "\n") + "\u{0C}" + input
    case .request(let method, let url, let headers, let body):
      "\(method) \(url)\n" + headers.map { "\($0.name): \($0.value)\n" }.joined() + "\n" + body
    case .message(let text): text
    }
  }

  /// `nftables`, `process`, `request` or `message`, as in `plan --json`.
  public var kind: String {
    switch step {
    case .nftables: "nftables"
    case .process: "process"
    case .request: "request"
    case .message: "message"
    }
  }
}

extension Operation: Codable {
  private enum Key: String, CodingKey {
    case summary, kind, commands, executable, arguments, input, method, url, headers, body, message
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    summary = try container.decode(Phrase.self, forKey: .summary)
    switch try container.decode(String.self, forKey: .kind) {
    case "nftables":
      step = .nftables(commands: try container.decode(String.self, forKey: .commands))
    case "process":
      step = .process(
        executable: try container.decode(String.self, forKey: .executable),
        arguments: try container.decode([String].self, forKey: .arguments),
        input: try container.decode(String.self, forKey: .input))
    case "request":
      step = .request(
        method: try container.decode(String.self, forKey: .method),
        url: try container.decode(String.self, forKey: .url),
        headers: try container.decode([Header].self, forKey: .headers),
        body: try container.decode(String.self, forKey: .body))
    case "message":
      step = .message(try container.decode(String.self, forKey: .message))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container, debugDescription: "“\(other)” is not a kind of operation")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(summary, forKey: .summary)
    try container.encode(kind, forKey: .kind)
    switch step {
    case .nftables(let commands):
      try container.encode(commands, forKey: .commands)
    case .process(let executable, let arguments, let input):
      try container.encode(executable, forKey: .executable)
      try container.encode(arguments, forKey: .arguments)
      try container.encode(input, forKey: .input)
    case .request(let method, let url, let headers, let body):
      try container.encode(method, forKey: .method)
      try container.encode(url, forKey: .url)
      try container.encode(headers, forKey: .headers)
      try container.encode(body, forKey: .body)
    case .message(let text):
      try container.encode(text, forKey: .message)
    }
  }
}
