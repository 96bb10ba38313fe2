import Glibc

/// The benchmarks by name. Each prints text, or one JSON object with `--json`.
@main
enum SekishoBench {
  static let usage = """
    sekisho-bench traffic OUT.pcap [--packets N] [--mix mixed|dns|bulk|syn] [--seed S]
        writes reproducible traffic: the same seed gives the same packets
    sekisho-bench inspection [FILE] [--packets N] [--rounds N] [--json]
        processor time per packet: bare pcap_loop, and Capture + Inspection, of the same file

    """

  static func main() {
    let arguments = Arguments(CommandLine.arguments.dropFirst())
    do {
      switch arguments.words.first {
      case "traffic": try TrafficCommand.run(arguments)
      case "inspection": try InspectionBenchmark.run(arguments)
      default: throw BenchmarkError(usage)
      }
    } catch {
      StandardError.write("\(error)\n")
      exit(error is BenchmarkError ? 64 : 1)
    }
  }
}
