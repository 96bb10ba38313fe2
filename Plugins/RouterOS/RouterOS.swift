/// The description of RouterOS, as it stands in this folder when the program was built.
public enum RouterOS {
  /// The file's name, for messages.
  public static let file = "routeros.yaml"

  /// The file's text.
  public static var yaml: String { String(decoding: PackageResources.routeros_yaml, as: UTF8.self) }
}
