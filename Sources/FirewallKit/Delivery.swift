public import NetworkTypes

/// How far what is published has come to one of those who fetch it.
public struct Delivery: Sendable, Codable, Equatable {
  /// Who fetches, by the name in the configuration.
  public var device: String
  /// When it last fetched anything; `nil` for never.
  public var fetchedAt: Timestamp?
  /// Whether all that it fetches is what is published now.
  public var isCurrent: Bool

  public init(device: String, fetchedAt: Timestamp?, isCurrent: Bool) {
    self.device = device
    self.fetchedAt = fetchedAt
    self.isCurrent = isCurrent
  }
}

/// An adapter that publishes for firewalls that fetch, and sees who has fetched.
public protocol DeliveryReporting: FirewallAdapter {
  /// One for each device of the settings, in their order. Works in a process other than the one that serves.
  func deliveries() async throws(AdapterError) -> [Delivery]
}

/// An adapter that has work of its own as long as the gateway runs, such as serving what it publishes.
public protocol BackgroundWorking: FirewallAdapter {
  /// Works until the task is cancelled; returns at once where the settings ask for none. What it throws is
  /// told, and it is called again after a pause.
  func work() async throws(AdapterError)
}
