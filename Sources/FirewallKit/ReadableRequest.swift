extension Operation {
  /// The step as people read it: the literal, with the body of a form (`application/x-www-form-urlencoded`)
  /// unpacked. Each parameter has a line of its own with its percent signs resolved, and so has each tag
  /// that follows another one.
  public var readable: String {
    guard case .request(let method, let url, let headers, let body) = step,
      headers.contains(where: {
        $0.name.lowercased() == "content-type" && $0.value.hasPrefix("application/x-www-form-urlencoded")
      })
    else { return literal }
    let parameters = body.split(separator: "&").map { parameter -> String in
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .compactMap(Self.unpacked)
      guard parts.count == 2 else { return String(parameter) }
      return "\(parts[0]) = \(parts[1].replacing("><", with: ">\n<"))"
    }
    let head = Operation(
      summary: summary, step: .request(method: method, url: url, headers: headers, body: ""))
    return head.literal + parameters.joined(separator: "\n")
  }

  /// `nil` when it is not so encoded, or when a control character would show something that is not there.
  private static func unpacked(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    guard let unpacked = String(validating: bytes, as: UTF8.self),
      !unpacked.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { return nil }
    return unpacked
  }
}
