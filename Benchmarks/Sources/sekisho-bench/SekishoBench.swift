import Glibc

/// The benchmarks by name. Each prints text, or one JSON object with `--json`.
@main
enum SekishoBench {
  static let usage = """
    sekisho-bench traffic OUT.pcap [--packets N] [--mix mixed|dns|bulk|syn] [--seed S]
        writes reproducible traffic: the same seed gives the same packets
    sekisho-bench inspection [FILE] [--packets N] [--rounds N] [--json]
        processor time per packet: bare pcap_loop, and Capture + Inspection, of the same file
    sekisho-bench detection [--indicators N] [--packets N] [--rounds N] [--json]
        processor time per packet of inspection and look-ups with N (1,000,000) names and as many addresses,
        and a tenth of them, beside the plainest detector in C; every hit is held to the generator's truth
    sekisho-bench index [--indicators N] [--rounds N] [--json]
        the compiled index of 100,000 to N (10,000,000) indicators: bytes, compiling, opening, look-ups
        beside a hash table in C
    sekisho-bench enforcement [--samples N] [--rounds N] [--blocks N] [--json]
        one block, 100,000 in one plan and their return after a flush: engine, ledger and nftables,
        beside libnftables alone
    sekisho-bench wire [--blocks N] [--json]
        from a packet on the wire to the block read back, with the whole gateway
    sekisho-bench live [--rates N,N...] [--seconds N] [--packets N] [--indicators N] [--ring MEBIBYTES] [--json]
        packets a second that the gateway sees without loss on one core, over a veth pair
    sekisho-bench load [--packets N] [--rate N] [--listed N] [--threads N] [--json]
        traffic of 1,000 terminals, while what is listed of it is blocked on nftables
    sekisho-bench forwarding [--blocks N] [--rounds N] [--packets N] [--json]
        what 100,000 blocks cost packets that pass
    sekisho-bench adapters [--adapters NAME,NAME...] [--blocks N] [--json]
        N (50,000) blocks and a quarter of them in one plan, through adapters of devices on a simulator:
        time, requests, memory, beside sending the same operations alone

    Enforcement, wire, live, load and forwarding run themselves anew under unshare, in a network namespace of their own: as root, or
    as a user where user namespaces are permitted. 100,000 in one plan need root (see Docs).

    """

  static func main() async {
    let arguments = Arguments(CommandLine.arguments.dropFirst())
    do {
      switch arguments.words.first {
      case "traffic": try TrafficCommand.run(arguments)
      case "inspection": try InspectionBenchmark.run(arguments)
      case "detection": try DetectionBenchmark.run(arguments)
      case "index": try IndexBenchmark.run(arguments)
      case "enforcement": try await EnforcementBenchmark.run(arguments)
      case "wire": try await WireBenchmark.run(arguments)
      case "live": try await LiveBenchmark.run(arguments)
      case "load": try await LoadBenchmark.run(arguments)
      case "adapters": try await AdaptersBenchmark.run(arguments)
      case "forwarding": try await ForwardingBenchmark.run(arguments)
      default: throw BenchmarkError(usage)
      }
    } catch {
      StandardError.write("\(error)\n")
      exit(error is BenchmarkError ? 64 : 1)
    }
  }
}
