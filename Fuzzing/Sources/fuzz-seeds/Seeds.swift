import Foundation

/// Writes the corpus: `fuzz-seeds FOLDER`. Inputs that a finding left there stay.
@main
enum Seeds {
  static func main() throws {
    guard CommandLine.arguments.count == 2 else {
      FileHandle.standardError.write(Data("usage: fuzz-seeds FOLDER\n".utf8))
      exit(64)
    }
    let folder = URL(filePath: CommandLine.arguments[1])
    for (target, inputs) in try all() {
      let place = folder.appending(path: target)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for (name, bytes) in inputs { try Data(bytes).write(to: place.appending(path: "seed-\(name)")) }
    }
  }

  private static func all() throws -> [(String, [(String, [UInt8])])] {
    [
      ("dns", WireSeeds.dns), ("tls", WireSeeds.tls), ("quic", WireSeeds.quic), ("http", WireSeeds.http),
      ("ip", WireSeeds.frames), ("reassembly", WireSeeds.segments), ("feeds", ListSeeds.feeds),
      ("text", ListSeeds.texts), ("capture", WireSeeds.captures),
    ]
  }
}
