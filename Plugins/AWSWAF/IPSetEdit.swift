import HTTPTransport
import NetworkTypes

/// One operation: a change of one set, as the two requests that make it, to the letter. The second
/// replaces the whole list and holds what the first was answered, so that part stands there as a mark:
///
///     "Addresses":[‹as read, less ["192.0.2.1/32"], plus ["198.51.100.0/25"]›],"LockToken":"‹as read›"
///
/// `perform` reads this text, and runs it only when the settings give the very same text again.
struct IPSetEdit: Equatable {
  enum Change: Equatable {
    /// Whatever is in it goes.
    case empty
    case edit(removed: [IPPrefix], added: [IPPrefix])
  }

  var role: IPSetRole
  var change: Change

  private static let asRead = "‹as read"
  private static let less = ", less ["
  private static let plus = ", plus ["
  private static let token = "‹as read›"

  init(role: IPSetRole, change: Change) {
    self.role = role
    self.change = change
  }

  /// Both requests.
  func text(_ settings: AWSWAFSettings) -> String {
    let requests = IPSetRequest(settings: settings)
    let named = IPSetRequest.Credentials.named(settings)
    let update = requests.writing(role, addresses: addresses, lockToken: Self.token, named).preview
    return requests.reading(role, named).preview + "\n\n" + Self.withoutLength(update)
  }

  private var addresses: String {
    guard case .edit(let removed, let added) = change else { return "[]" }
    var text = Self.asRead
    if !removed.isEmpty { text += Self.less + Self.list(removed) + "]" }
    if !added.isEmpty { text += Self.plus + Self.list(added) + "]" }
    return "[\(text)›]"
  }

  static func list(_ prefixes: some Sequence<IPPrefix>) -> String {
    prefixes.map { "\"\($0.cidr)\"" }.joined(separator: ",")
  }

  /// The length of what is only known when it is sent is only known then.
  private static func withoutLength(_ preview: String) -> String {
    guard let field = preview.firstRange(of: "\nContent-Length: ") else { return preview }
    let digits = preview[field.upperBound...].prefix { $0.isNumber }
    return preview[..<field.upperBound] + "‹as the body›" + preview[digits.endIndex...]
  }

  /// Reads what `text` wrote with the same settings; `nil` for anything else.
  init?(_ text: String, _ settings: AWSWAFSettings) {
    let start = "\"Addresses\":["
    let end = "],\"LockToken\":\"\(Self.token)\"}"
    guard text.hasSuffix(end), let opening = text.firstRange(of: start),
      let role = IPSetRole.allCases.first(where: {
        text[..<opening.lowerBound].hasSuffix(
          "\(settings.arn($0).id)\",\"Description\":\"\(IPSetRole.mark)\",")
      }),
      let change = Change(text[opening.upperBound...].dropLast(end.count))
    else { return nil }
    self.init(role: role, change: change)
    guard self.text(settings) == text else { return nil }
  }

  /// The list to send, in order; `read` is what is in the set.
  func applied(to read: Set<IPPrefix>) -> Set<IPPrefix> {
    guard case .edit(let removed, let added) = change else { return [] }
    return read.subtracting(removed).union(added)
  }
}

extension IPSetEdit.Change {
  fileprivate init?(_ text: Substring) {
    if text.isEmpty {
      self = .empty
      return
    }
    var rest = text
    func take(_ words: String) -> Bool {
      guard rest.hasPrefix(words) else { return false }
      rest = rest.dropFirst(words.count)
      return true
    }
    func list(after words: String) -> [IPPrefix]? {
      guard take(words) else { return [] }
      guard let end = rest.firstIndex(of: "]") else { return nil }
      let items = rest[..<end].split(separator: ",")
      rest = rest[rest.index(after: end)...]
      let prefixes = items.compactMap { IPPrefix(String($0.dropFirst().dropLast())) }
      return prefixes.count == items.count ? prefixes : nil
    }
    guard take("‹as read"), let removed = list(after: ", less ["), let added = list(after: ", plus ["),
      take("›"), rest.isEmpty
    else { return nil }
    self = .edit(removed: removed, added: added)
  }
}
