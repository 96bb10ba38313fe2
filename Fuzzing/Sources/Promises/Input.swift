/// What libFuzzer gives, as a value: the pointer goes no further.
public func input(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  Array(UnsafeBufferPointer(start: start, count: count))
}

/// Ends the process with the promise that was broken; libFuzzer then writes the input to a file.
@inline(__always)
public func promise(_ isKept: Bool, _ text: @autoclosure () -> String) {
  if !isKept { fatalError("Broken: \(text())") }
}
