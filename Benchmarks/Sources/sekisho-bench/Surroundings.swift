import CFloors
import Foundation
import Glibc
import Lab

/// A network namespace and a directory that belong to one run.
enum Surroundings {
  static var isInside: Bool { LabEntry.isInside }

  /// Goes on inside a private network namespace: the program is run anew under `unshare`.
  static func enterNamespace() throws {
    guard !LabEntry.isInside else { return }
    StandardError.write("running again under unshare, in a network namespace of its own\n")
    try LabEntry.enter()
  }

  /// Makes a directory for the time of `body`.
  static func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sekisho-bench-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
  }

  /// Runs a command that prepares the laboratory and must succeed.
  static func shell(_ command: String) throws {
    guard system(command) == 0 else { throw BenchmarkError("failed: \(command)") }
  }

  /// Processor time of the whole process, in the kernel on its behalf included, in milliseconds: what
  /// other programs on the same cores do not lengthen.
  static var processorMilliseconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
  }

  /// The most memory that this process has held, in megabytes.
  static var peakMegabytes: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }

  static func path(ofNamespace name: String) -> String { "/run/netns/\(name)" }
}

extension Duration {
  var inMilliseconds: Double { self / .milliseconds(1) }
}

extension Rounds {
  /// The value below which a share of all lies, 0...1.
  func percentile(_ share: Double) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.indices.last else { return 0 }
    return sorted[min(last, Int((Double(sorted.count) * share).rounded(.up)) - 1)]
  }
}

/// Text in columns: the first to the left, the others to the right.
struct Table {
  private var rows: [[String]]

  init(_ head: [String]) { rows = [head] }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
