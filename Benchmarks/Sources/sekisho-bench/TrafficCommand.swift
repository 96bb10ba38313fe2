import TrafficGeneration

/// `traffic`: writes a capture file.
enum TrafficCommand {
  static func run(_ arguments: Arguments) throws {
    guard let path = arguments.words.dropFirst().first,
      let mix = TrafficMix(rawValue: arguments.text("mix", default: "mixed"))
    else { throw BenchmarkError(SekishoBench.usage) }
    let (shares, _) = try TrafficWriter.write(
      to: path, mix: mix, packets: try arguments.number("packets", default: 1_000_000),
      seed: UInt64(try arguments.number("seed", default: 1)))
    for (kind, count) in shares { print("\(kind)\t\(count)") }
  }
}
