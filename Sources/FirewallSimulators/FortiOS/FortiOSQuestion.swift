import NetworkTypes

/// A request to the REST API v2, taken apart.
struct FortiOSQuestion {
  let method: String
  /// Below `/api/v2/`.
  let path: String
  /// The virtual domain that is spoken of.
  let domain: String
  /// All others of the query.
  let parameters: [String: String]
  private let content: [UInt8]

  /// `nil` when it is not below the root, or its query cannot be read or names something twice.
  init?(_ request: SimulatedRequest, root: String) {
    guard request.target.hasPrefix(root) else { return nil }
    let parts = request.target.dropFirst(root.count).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let pairs = FormReader.parameters((parts.count == 2 ? parts[1] : "").utf8) else { return nil }
    var found: [String: String] = [:]
    for (name, value) in pairs where found.updateValue(value, forKey: name) != nil { return nil }
    method = request.method
    path = parts[0].hasSuffix("/") ? String(parts[0].dropLast()) : String(parts[0])
    domain = found.removeValue(forKey: "vdom") ?? "root"
    parameters = found
    content = request.body
  }

  func demand(parameters known: Set<String>) throws(FortiOSRefusedRequest) {
    let surplus = Set(parameters.keys).subtracting(known)
    guard surplus.isEmpty else {
      throw .violation("the parameters \(surplus.sorted()) with \(path)", status: 400)
    }
  }

  /// The fields of the body, none but the known ones.
  func body(_ known: Set<String>) throws(FortiOSRefusedRequest) -> [String: JSONValue] {
    guard parameters.isEmpty else {
      throw .violation("the parameters \(parameters.keys.sorted()) with \(path)", status: 400)
    }
    guard let fields = JSONValue(content)?.object else {
      throw .violation("a body that is no object in JSON with \(path)", status: 400)
    }
    let surplus = Set(fields.keys).subtracting(known)
    guard surplus.isEmpty else {
      throw .violation("the fields \(surplus.sorted()) with \(path)", status: 400)
    }
    return fields
  }

  /// `ip_addresses`, each of them an address.
  func addresses(_ body: [String: JSONValue]) throws(FortiOSRefusedRequest) -> [IPAddress] {
    guard let texts = body["ip_addresses"]?.texts, !texts.isEmpty else {
      throw .violation("no ip_addresses with \(path)", status: 400)
    }
    var found: [IPAddress] = []
    for text in texts {
      guard let address = IPAddress(text) else {
        throw FortiOSRefusedRequest(status: 500, code: -8, words: "invalid ip address \(text)")
      }
      found.append(address)
    }
    return found
  }
}

/// Why the device does not do what it is asked for.
struct FortiOSRefusedRequest: Error {
  var status: Int
  /// The code of its command line, negative.
  var code: Int?
  var words: String?
  /// What is outside of the vendor's API.
  var violation: String?

  static let full = FortiOSRefusedRequest(
    status: 500, code: -4, words: "maximum number of entries has been reached")

  static func violation(_ what: String, status: Int) -> FortiOSRefusedRequest {
    FortiOSRefusedRequest(status: status, violation: what)
  }
}
