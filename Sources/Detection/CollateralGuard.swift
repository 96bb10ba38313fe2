public import Language
public import NetworkTypes

/// Keeps blocks by address from cutting off others who live at the same address.
///
/// It answers for one address, from the networks known to be shared and from the names seen to resolve
/// there. What it holds back is told with its reason; a person's order is not its business.
public struct CollateralGuard: Sendable {
  /// Why an address is not blocked.
  public struct Objection: Hashable, Sendable {
    /// For programs: `shared-network`, `popular-neighbour` or `many-domains`.
    public let rule: String
    public let reason: Phrase
  }

  /// Different registered domains at one address from which on it counts as shared.
  public static let standardMostDomains = 20

  private let shared: SharedNetworks
  private let popular: PopularNames
  private let suffixes: SuffixTable
  private let mostDomains: Int

  /// - Parameters:
  ///   - popular: names whose addresses are not blocked.
  ///   - model: tells where a registered domain begins; without it that is the last two labels.
  ///   - mostDomains: registered domains at one address up to which it may be blocked.
  public init(
    shared: SharedNetworks = .none, popular: PopularNames = .none, model: NameModel? = nil,
    mostDomains: Int = CollateralGuard.standardMostDomains
  ) {
    self.shared = shared
    self.popular = popular
    suffixes = model?.suffixes ?? SuffixTable()
    self.mostDomains = mostDomains
  }

  /// What speaks against a block of an address; `nil` when nothing does.
  ///
  /// - Parameters:
  ///   - names: those seen to resolve to it.
  ///   - isHarmful: whether a name would be blocked itself: such names are no neighbours to protect.
  public func objection(
    to address: IPAddress, names: [DomainName], isHarmful: (DomainName) -> Bool
  ) -> Objection? {
    if shared.contains(address) {
      return Objection(
        rule: "shared-network",
        reason: Phrase(
          en: "\(address) belongs to a network that many services share: a block would cut them all off.",
          ja: "\(address) は多くのサービスが共用するネットワークに属し、遮断すると無関係な通信も止まるためです。"))
    }
    var domains: Set<String> = []
    for name in names {
      guard let domain = suffixes.registeredDomain(of: name.text.utf8Span.span) else { continue }
      if popular.contains(name, domain) {
        return Objection(
          rule: "popular-neighbour",
          reason: Phrase(
            en: "\(name), which many people use, was seen to resolve to \(address) too.",
            ja: "利用者の多い \(name) も \(address) に名前解決されているためです。"))
      }
      let registered = String(
        decoding: name.text.utf8.dropFirst(domain.label.lowerBound), as: UTF8.self)
      if !domains.contains(registered), !isHarmful(name) { domains.insert(registered) }
    }
    guard domains.count > mostDomains else { return nil }
    return Objection(
      rule: "many-domains",
      reason: Phrase(
        en: "Names of \(domains.count) different registered domains were seen to resolve to \(address): more "
          + "than \(mostDomains) count as shared.",
        ja: "\(address) には登録ドメイン \(domains.count) 件の名前が名前解決されており、\(mostDomains) 件を超えるため"
          + "共用とみなします。"))
  }
}
