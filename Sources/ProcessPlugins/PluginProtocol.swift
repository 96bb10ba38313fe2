/// The protocol between this host and a plugin: lines of JSON over its standard input and output.
/// `Docs/Plugin-protocol.md` specifies it.
public enum PluginProtocol {
  /// The one version that is spoken. Messages of one version never gain a key, so an unknown one is a
  /// misunderstanding and ends the process.
  public static let version = 1
  /// Bytes of a line in either direction, its end not counted: half a million blocks.
  public static let longestLine = 32 << 20
  /// Operations of one answer; a million entries in bundles, or a hundred thousand one by one.
  static let mostOperations = 200_000
  /// Seconds beyond which a timer is a mistake: some 126 years.
  static let longestTimer: Int64 = 4_000_000_000
  /// Parts of a scaffold, and bytes of each content.
  static let mostParts = 1000
  static let longestPart = 64 << 10
}
