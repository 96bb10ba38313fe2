/// The description of OPNsense, as it stands in this folder when the program was built.
public enum OPNsense {
  /// The file's name, for messages.
  public static let file = "opnsense.yaml"

  /// The file's text.
  public static var yaml: String { String(decoding: PackageResources.opnsense_yaml, as: UTF8.self) }
}
