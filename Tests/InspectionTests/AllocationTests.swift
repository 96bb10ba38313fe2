import Foundation
import Glibc
import NetworkTypes
import Testing

@testable import Inspection

/// The hot path's promise: no allocation per packet but those that are hashed or deciphered.
///
/// Counted by a preloaded `malloc` in a child process that runs this same test program. The heap's own
/// statistics (`mallinfo2`) cannot do it: they give the difference, and an object that is made and
/// freed per packet leaves none.
@Suite("Allocations")
struct AllocationTests {
  private static let marker = "SEKISHO_ALLOCATION_CHILD"
  private static let isChild = ProcessInfo.processInfo.environment[marker] != nil
  private static let compiler = "/usr/bin/cc"

  /// Counts per thread, so that what other threads do is not counted.
  private static let counter = """
    #include <stddef.h>
    extern void *__libc_malloc(size_t);
    extern void *__libc_calloc(size_t, size_t);
    extern void *__libc_realloc(void *, size_t);
    extern void *__libc_memalign(size_t, size_t);
    static __thread long count __attribute__((tls_model("initial-exec")));
    long sekisho_allocations(void) { return count; }
    void *malloc(size_t n) { count++; return __libc_malloc(n); }
    void *calloc(size_t n, size_t m) { count++; return __libc_calloc(n, m); }
    void *realloc(void *p, size_t n) { count++; return __libc_realloc(p, n); }
    void *memalign(size_t a, size_t n) { count++; return __libc_memalign(a, n); }
    void *aligned_alloc(size_t a, size_t n) { count++; return __libc_memalign(a, n); }
    int posix_memalign(void **p, size_t a, size_t n) { count++; *p = __libc_memalign(a, n); return *p ? 0 : 12; }
    """

  @Test(
    "no packet costs an allocation, unless it is fingerprinted or deciphered",
    .enabled(if: !isChild && FileManager.default.isExecutableFile(atPath: compiler), "needs a C compiler"))
  func noAllocations() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "counter.c")
    let library = folder.appending(path: "counter.so")
    try Self.counter.write(to: source, atomically: true, encoding: .utf8)
    let built = try run(Self.compiler, ["-shared", "-fPIC", "-O1", "-o", library.path, source.path], [:])
    try #require(built.status == 0, "\(built.output)")
    // The program that runs these tests, told to run the child's test only.
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var arguments = Array(CommandLine.arguments.dropFirst())
    if let filter = arguments.firstIndex(of: "--filter") { arguments.removeSubrange(filter...) }
    if !arguments.contains("--testing-library") { arguments += ["--testing-library", "swift-testing"] }
    let child = try run(
      program, arguments + ["--filter", "AllocationTests"],
      ["LD_PRELOAD": library.path, Self.marker: folder.appending(path: "count").path])
    #expect(child.status == 0, "\(child.output)")
    let count = try String(contentsOf: folder.appending(path: "count"), encoding: .utf8)
    let packets = 2_000 * (HostileFrameTests.plainCorpus.count + 1)
    #expect(count == "0 allocations in \(packets) packets, 1 in the probe")
  }

  @Test("the child counts", .enabled(if: isChild, "runs inside the other test, under the preloaded counter"))
  func child() throws {
    typealias Count = @convention(c) () -> Int
    let symbol = try #require(dlsym(nil, "sekisho_allocations"))
    let count = unsafeBitCast(symbol, to: Count.self)
    var inspector = Inspector(flowCapacity: 4096, seed: 1)
    var headers = PacketHeaders()
    var observation = Observation()
    let links = HostileFrameTests.plainCorpus.map(\.0)
    // All frames in one array: taking one out of an array of arrays allocates in debug builds.
    let bytes = HostileFrameTests.plainCorpus.flatMap(\.1)
    var ranges: [Range<Int>] = []
    for (_, frame) in HostileFrameTests.plainCorpus {
      let start = ranges.last?.upperBound ?? 0
      ranges.append(start..<(start + frame.count))
    }
    let bulk = FrameBuilder.tcp4([0x17, 3, 3, 4, 0] + [UInt8](repeating: 0x5A, count: 1024))

    func pass() {
      for index in links.indices {
        _ = inspector.inspect(
          bytes.span.extracting(ranges[index]), link: links[index], time: Timestamp(seconds: 1),
          headers: &headers,
          observation: &observation)
      }
      _ = inspector.inspect(
        bulk.span, link: .ethernet, time: Timestamp(seconds: 1), headers: &headers,
        observation: &observation)
    }
    // The first pass may fill caches of the runtime (type metadata in debug builds).
    pass()
    let start = count()
    for _ in 0..<2_000 { pass() }
    let end = count()
    // That the counter counts at all.
    let probe = count()
    let object = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 8)
    let probed = count() - probe
    object.deallocate()
    let path = try #require(ProcessInfo.processInfo.environment[Self.marker])
    try "\(end - start) allocations in \(2_000 * (links.count + 1)) packets, \(probed) in the probe"
      .write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Runs a program to its end. Not by Foundation's `Process`, which waits for its children through a
  /// socket on the loopback interface: in a fresh network namespace that interface is down.
  private func run(
    _ program: String, _ arguments: [String], _ environment: [String: String]
  ) throws -> (status: Int32, output: String) {
    let log = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString).log")
    defer { try? FileManager.default.removeItem(at: log) }
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var pairs: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { (words + pairs).forEach { free($0) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, log.path, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var child = pid_t()
    try #require(posix_spawn(&child, program, &actions, nil, &words, &pairs) == 0)
    var status: Int32 = 0
    try #require(waitpid(child, &status, 0) == child)
    return (status, try String(contentsOf: log, encoding: .utf8))
  }
}
