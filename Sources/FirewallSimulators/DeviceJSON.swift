import Foundation

/// JSON as devices of REST write and read it.
enum DeviceJSON {
  /// Texts at the top of an object; `nil` when it is no object. Numbers are told as text.
  static func texts(_ bytes: [UInt8]) -> [String: String]? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      return nil
    }
    return object.compactMapValues { value in
      switch value {
      case let text as String: text
      case let number as NSNumber: number.stringValue
      default: nil
      }
    }
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// An object with these fields in this order.
  static func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
  }

  /// `user:password` of `Authorization: Basic`.
  static func credentials(of request: SimulatedRequest) -> String? {
    guard let field = request.header("Authorization"), field.hasPrefix("Basic "),
      let data = Data(base64Encoded: String(field.dropFirst("Basic ".count)))
    else { return nil }
    return String(data: data, encoding: .utf8)
  }
}
