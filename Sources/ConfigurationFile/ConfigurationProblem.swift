public import Language

/// Where in a configuration file something stands. Lines and columns count from 1.
public struct SourceLocation: Hashable, Sendable, Codable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// The file as a whole, for which line and column are 0.
  public init(file: String) { self.init(file: file, line: 0, column: 0) }

  /// `sekisho.yaml:12:3`, the form that editors can jump to; the name alone for the file as a whole.
  public var description: String { line == 0 ? file : "\(file):\(line):\(column)" }
}

/// One thing that is wrong with a configuration, and what to do about it.
public struct ConfigurationProblem: Hashable, Sendable, Codable {
  /// What kind of mistake it is, for programs.
  public enum Code: String, Sendable, Codable {
    case unreadable, notYAML, unknownKey, missingKey, wrongType, outOfRange, invalid, duplicate, tooLarge
  }

  public var code: Code
  public var location: SourceLocation
  /// The key's path from the top: `firewalls[0].settings.hooks`. Empty for the file as a whole.
  public var key: String
  /// What is wrong, what was expected, what to do.
  public var message: Phrase

  public init(code: Code, location: SourceLocation, key: String, message: Phrase) {
    self.code = code
    self.location = location
    self.key = key
    self.message = message
  }

  /// The problem as one line: place, key, sentence.
  public func text(in language: Language) -> String {
    let place = key.isEmpty ? "\(location)" : "\(location): \(key)"
    return "\(place): \(message.text(in: language))"
  }
}

/// Everything that is wrong with one configuration, in the order of the file.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  public var problems: [ConfigurationProblem]

  public init(problems: [ConfigurationProblem]) { self.problems = problems }

  public func text(in language: Language) -> String {
    problems.map { $0.text(in: language) }.joined(separator: "\n")
  }

  public var description: String { text(in: .english) }
}
