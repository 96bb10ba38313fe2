public import NetworkTypes

/// What is judged: where a connection goes, and nothing of where it comes from.
///
/// There is deliberately no source address, device, user or history here. A verdict can therefore not
/// depend on anybody's behaviour, only on the reputation of what was contacted; a test holds the fields.
public struct Destination: Hashable, Sendable {
  /// The name that was asked for or presented, when one was seen.
  public let name: DomainName?
  /// The address, when one was seen.
  public let address: IPAddress?
  /// The port at the destination.
  public let port: UInt16?

  public init(name: DomainName, address: IPAddress? = nil, port: UInt16? = nil) {
    self.name = name
    self.address = address
    self.port = port
  }

  public init(address: IPAddress, port: UInt16? = nil) {
    name = nil
    self.address = address
    self.port = port
  }
}

extension Destination: CustomStringConvertible {
  /// `bad.example.org [192.0.2.7]:443`; what is unknown is left out.
  public var description: String {
    let host: String
    switch (name, address) {
    case (let name?, let address?): host = "\(name) [\(address)]"
    case (let name?, nil): host = name.text
    case (nil, let address?): host = address.isIPv4 || port == nil ? address.description : "[\(address)]"
    case (nil, nil): preconditionFailure("a destination has a name or an address")
    }
    return port.map { "\(host):\($0)" } ?? host
  }
}

extension Destination: Codable {
  private enum Key: String, CodingKey { case name, address, port }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let address = try container.decodeIfPresent(IPAddress.self, forKey: .address)
    let port = try container.decodeIfPresent(UInt16.self, forKey: .port)
    if let name = try container.decodeIfPresent(DomainName.self, forKey: .name) {
      self.init(name: name, address: address, port: port)
    } else if let address {
      self.init(address: address, port: port)
    } else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a destination needs a name or an address"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encodeIfPresent(name, forKey: .name)
    try container.encodeIfPresent(address, forKey: .address)
    try container.encodeIfPresent(port, forKey: .port)
  }
}
