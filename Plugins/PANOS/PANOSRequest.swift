import DeviceRequests
import FirewallKit
import XMLText

/// The requests to the XML API, the same for what is shown and for what is sent.
struct PANOSRequest {
  let settings: PANOSSettings

  /// Entries that one page holds, and its most on the device.
  static let page = 500

  /// Registers or unregisters addresses.
  func update(_ message: String) -> DeviceRequest { request("user-id", message) }

  /// Entries with a tag, from a number on that counts from 1.
  func entries(tagged tag: String, from start: Int, limit: Int = Self.page) -> DeviceRequest {
    request(
      "op",
      "<show><object><registered-ip><limit>\(limit)</limit><start-point>\(start)</start-point>"
        + "<tag><entry name=\"\(XMLNode.escaped(tag))\"/></tag></registered-ip></object></show>")
  }

  /// The entry of one address, whatever its tags.
  func entry(_ address: String) -> DeviceRequest {
    request(
      "op",
      "<show><object><registered-ip><limit>\(Self.page)</limit><start-point>1</start-point>"
        + "<ip>\(XMLNode.escaped(address))</ip></registered-ip></object></show>")
  }

  /// A dynamic address group with its filter. Only its existence and filter are relied on.
  func group(_ name: String) -> DeviceRequest {
    request(
      "op",
      "<show><object><dynamic-address-group><name>\(XMLNode.escaped(name))</name></dynamic-address-group>"
        + "</object></show>")
  }

  /// Whether an operation is one that `update` makes.
  func isUpdate(_ operation: Operation) -> Bool {
    guard case .request(let method, let url, _, let body) = operation.step,
      case .request(let ours, let address, _, let start)? = try? settings.endpoint.step(update(""))
    else { return false }
    return method == ours && url == address && body.hasPrefix(start)
      && !body.dropFirst(start.count).contains("&")
  }

  private func request(_ type: String, _ command: String) -> DeviceRequest {
    var parameters = [(name: "type", value: type), (name: "vsys", value: settings.vsys)]
    if let serial = settings.serial { parameters.append((name: "target", value: serial)) }
    parameters.append((name: "cmd", value: command))
    return DeviceRequest(
      form: parameters, to: "/api/",
      headers: [Operation.Header("X-PAN-KEY", "‹secret:\(PANOSSettings.keyName)›")])
  }
}
