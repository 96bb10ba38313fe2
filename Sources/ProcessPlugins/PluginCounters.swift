/// What has happened to the processes of one plugin since this program started.
public struct PluginCounters: Sendable, Equatable {
  public var starts = 0
  /// Requests that were answered, also with an error.
  public var answers = 0
  /// Ends that nobody wished for, by their reason: `exited`, `late`, `oversized`, `unasked`,
  /// `misunderstood`, `cancelled`, `unstartable`, `refused` (in the greeting).
  public var ends: [String: Int] = [:]
  /// Uses that were put off because the process had ended too often.
  public var putOff = 0
}
