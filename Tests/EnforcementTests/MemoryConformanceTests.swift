import FirewallConformance
import FirewallKit
import Testing

enum DisjointMemory: MemoryModel {
  static var prefixes: Capabilities.Prefixes { .disjoint }
}
enum EntryMemory: MemoryModel {
  static var atomicity: Capabilities.Atomicity { .entry }
}
enum OperationMemory: MemoryModel {
  static var atomicity: Capabilities.Atomicity { .operation }
}
enum DisjointOperationMemory: MemoryModel {
  static var prefixes: Capabilities.Prefixes { .disjoint }
  static var atomicity: Capabilities.Atomicity { .operation }
}
enum SmallMemory: MemoryModel {
  static var capacity: Int? { 40 }
}
enum TimerlessMemory: MemoryModel {
  static var hasTimers: Bool { false }
}
enum TimerlessStrictMemory: MemoryModel {
  static var prefixes: Capabilities.Prefixes { .disjoint }
  static var atomicity: Capabilities.Atomicity { .entry }
  static var capacity: Int? { 64 }
  static var hasTimers: Bool { false }
}

let memorySubjects: [@Sendable () -> ConformanceSubject] = [
  { .memory(GenerousMemory.self) }, { .memory(StrictMemory.self) }, { .memory(DisjointMemory.self) },
  { .memory(EntryMemory.self) }, { .memory(OperationMemory.self) }, { .memory(DisjointOperationMemory.self) },
  { .memory(SmallMemory.self) }, { .memory(TimerlessMemory.self) }, { .memory(TimerlessStrictMemory.self) },
]

@Suite struct MemoryConformanceTests {
  @Test(arguments: memorySubjects.indices)
  func everyMemoryFirewallKeepsTheLaws(index: Int) async throws {
    let report = try await Conformance.run(memorySubjects[index]())
    for line in report.broken {
      Issue.record("\(report.manifest.capabilities): \(line.law): \(line.finding)")
    }
    #expect(report.lines.count == Conformance.laws.count)
    #expect(report.lines.contains { $0.finding == .held })
  }
}
