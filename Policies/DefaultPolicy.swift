/// The policies that come with the product, as they stand in this folder when it was built.
public enum DefaultPolicy: String, Sendable, CaseIterable {
  case standard
  case monitorOnly = "monitor-only"
  case strict

  /// The file's name, for messages.
  public var file: String { "\(rawValue).yaml" }

  /// The file's text.
  public var yaml: String {
    let bytes =
      switch self {
      case .standard: PackageResources.standard_yaml
      case .monitorOnly: PackageResources.monitor_only_yaml
      case .strict: PackageResources.strict_yaml
      }
    return String(decoding: bytes, as: UTF8.self)
  }
}
