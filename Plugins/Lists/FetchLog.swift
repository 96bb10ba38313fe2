import Crypto
import FirewallKit
import Foundation
import NetworkTypes

/// Who fetched which list and when: a file for each device, so that any process can read it.
///
/// Only the last fetch of each list is kept; the whole history is the server's log.
struct FetchLog: Sendable {
  let directory: String

  /// The last fetch of one list.
  struct Entry: Codable, Equatable, Sendable {
    var at: Timestamp
    /// Of the list as it was then.
    var tag: String
    var version: String
    /// What the device says of itself; cut.
    var agent: String
  }

  /// Longer texts are cut.
  static let longestAgent = 120
  /// More than this was not written by us.
  private static let longestFile = 1 << 20

  private var folder: String { "\(directory)/fetched" }

  private func file(_ device: String) -> String { "\(folder)/\(device).json" }

  /// What names the content of a list, in `ETag`.
  static func tag(of content: [UInt8]) -> String {
    SHA256.hash(data: content).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The last fetch of each list; empty for a device that never came, and for a file that cannot be read.
  func entries(of device: String) -> [String: Entry] {
    guard let data = FileManager.default.contents(atPath: file(device)), data.count <= Self.longestFile
    else { return [:] }
    return (try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:]
  }

  /// Records a fetch. To be called by one task at a time.
  func record(_ entry: Entry, of list: String, by device: String) throws {
    var entries = entries(of: device)
    entries[list] = entry
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try encoder.encode(entries).write(to: URL(filePath: file(device)), options: .atomic)
  }

  /// How far lists have come to a device: current when the last fetch of all lists that it ever fetched, and
  /// that are still published, gave it what is published now.
  func delivery(to device: String, of tags: [String: String]) -> Delivery {
    let entries = entries(of: device).filter { tags[$0.key] != nil }
    return Delivery(
      device: device, fetchedAt: entries.values.map(\.at).max(),
      isCurrent: !entries.isEmpty && entries.allSatisfy { tags[$0.key] == $0.value.tag })
  }
}
