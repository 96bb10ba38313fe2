public import FirewallKit
public import HTTPTransport
import Language
public import NetworkTypes

/// AWS WAF (WAFv2), through IP sets that a rule of a web ACL refers to.
///
/// An update replaces a whole set and carries the lock token of what it replaces, so a change is all or
/// nothing, and never takes an entry along that nobody had read.
public struct AWSWAFAdapter: FirewallAdapter {
  public static let manifest = AdapterManifest(
    name: "aws-waf",
    summary: Phrase(en: "AWS WAF (WAFv2) by IP sets", ja: "AWS WAF（WAFv2）の IP セット"),
    capabilities: Capabilities(
      kinds: [.address4, .address6, .prefix4, .prefix6], atomicity: .operation, readBack: .configured,
      expiry: .gateway, validation: .local, prefixes: .overlapping, driftDetection: .interval,
      maximumBlocks: IPSetRole.capacity, survivesRestart: true))

  public let settings: AWSWAFSettings
  private let service: IPSetService
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - sender: what carries the requests.
  ///   - clock: the time that deadlines are counted by; the engine's own.
  public init(
    settings: AWSWAFSettings, sender: any HTTPSending = HTTPClient(),
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.settings = settings
    self.clock = clock
    service = IPSetService(settings: settings, sender: sender)
  }

  public var scaffold: Scaffold { AWSWAFDialect.scaffold }

  public func state(in scope: Scope) async throws(AdapterError) -> FirewallState {
    let service = service
    let results = await withTaskGroup(
      of: (IPSetRole, Result<AWSWAFReader.Content, AdapterError>).self
    ) { group in
      for role in IPSetRole.allCases {
        group.addTask {
          do throws(AdapterError) {
            return (role, .success(try await service.content(of: role)))
          } catch {
            return (role, .failure(error))
          }
        }
      }
      var results: [IPSetRole: Result<AWSWAFReader.Content, AdapterError>] = [:]
      for await (role, result) in group { results[role] = result }
      return results
    }
    var contents: [IPSetRole: AWSWAFReader.Content] = [:]
    for role in IPSetRole.allCases { contents[role] = try results[role]?.get() }
    return AWSWAFReader(settings: settings).state(contents, at: clock()).restricted(to: scope)
  }

  public func operations(from current: FirewallState, to goal: FirewallState) throws(AdapterError)
    -> [Operation]
  {
    try AWSWAFDialect(settings: settings).operations(from: current, to: goal)
  }

  /// How often a set is read again that somebody changed between our reading and our update.
  private static let attempts = 3

  public func perform(_ operation: Operation) async throws(AdapterError) {
    guard case .message(let text) = operation.step, let edit = IPSetEdit(text, settings) else {
      throw AdapterError(
        code: .unsupported,
        message: Phrase(
          en: "This operation is not one of the AWS WAF adapter with these settings.",
          ja: "この操作は、現在の設定の AWS WAF アダプターのものではありません。"))
    }
    var attempt = 1
    while true {
      let content = try await service.content(of: edit.role)
      let wanted = edit.applied(to: content.addresses)
      // Changes are scarce (one a second), so none is spent on what is so already.
      guard wanted != content.addresses else { return }
      guard wanted.count <= IPSetRole.capacity else {
        throw AdapterError(code: .capacity, message: WAFRefusal.full(settings.arn(edit.role)))
      }
      do throws(AdapterError) {
        return try await service.replace(
          edit.role, with: "[\(IPSetEdit.list(wanted.sorted()))]", lockToken: content.lockToken)
      } catch {
        guard error.code == .conflict, attempt < Self.attempts else { throw error }
        attempt += 1
      }
    }
  }
}
