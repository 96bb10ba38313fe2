import Language
import NetworkTypes
import Policy
import Testing

/// 2026-01-01T00:00:00Z.
let newYear = Timestamp(seconds: 1_767_225_600)

func prefix(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> IPPrefix {
  try #require(IPPrefix(text), "\(text) is no prefix", sourceLocation: sourceLocation)
}

func target(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> BlockTarget {
  try #require(BlockTarget(text), "\(text) is no target", sourceLocation: sourceLocation)
}

func asked(
  _ text: String, for timeToLive: Duration? = nil, by origin: BlockRequest.Origin = .person,
  extends: Bool = false
) throws -> BlockRequest {
  BlockRequest(target: try target(text), timeToLive: timeToLive, origin: origin, extendsBlock: extends)
}

func context(
  inForce: Int = 0, minute: Int = 0, hour: Int = 0, change: Int = 0, protected: ProtectedNetworkList = [],
  allowed: AllowList = []
) -> PolicyContext {
  PolicyContext(
    now: newYear, blocksInForce: inForce, newBlocksLastMinute: minute, newBlocksLastHour: hour,
    blocksInChange: change, protected: protected, allowed: allowed)
}

/// Whether the text has any kana or kanji in it.
func isJapanese(_ text: String) -> Bool {
  text.unicodeScalars.contains {
    (0x3040...0x30FF).contains($0.value) || (0x4E00...0x9FFF).contains($0.value)
  }
}
