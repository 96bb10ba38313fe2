import CPcap

/// libpcap's names for the link layer numbers (DLT).
enum LinkTypeName {
  static func of(_ number: Int32) -> String {
    guard let name = pcap_datalink_val_to_name(number) else { return "DLT \(number)" }
    return String(cString: name)
  }
}

/// Runs a libpcap function that explains failure in a buffer of the caller.
func withErrorText<Result>(
  _ body: (UnsafeMutablePointer<CChar>) -> Result
) -> (result: Result, text: String) {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PCAP_ERRBUF_SIZE)) { buffer in
    buffer.initialize(repeating: 0)
    let result = body(buffer.baseAddress!)
    return (result, String(cString: buffer.baseAddress!))
  }
}
