import FoundationEssentials
import Language

extension IndicatorList {
  /// Reads the file that the source names.
  /// - Throws: as `read(_:from:limits:)`, and `unreadable`, `notRegularFile`.
  public static func load(
    _ source: ReputationSource, limits: ListLimits = ListLimits()
  ) throws(ReputationError) -> IndicatorList {
    let url = URL(filePath: source.file).resolvingSymlinksInPath()
    let content: Data
    do {
      // Type and size first: a pipe would never end, and a mistaken path can be a disk image.
      let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else {
        throw ReputationError.notRegularFile(source)
      }
      let size = (attributes[.size] as? any BinaryInteger).map { Int(clamping: $0) } ?? 0
      guard size <= limits.bytes else {
        throw ReputationError.tooLarge(source, bytes: size, limit: limits.bytes)
      }
      content = try Data(contentsOf: url)
    } catch let error as ReputationError {
      throw error
    } catch {
      throw .unreadable(source, reason: reason(for: error))
    }
    return try read(content.span, from: source, limits: limits)
  }

  private static func reason(for error: any Error) -> Phrase {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile, .fileNoSuchFile:
      Phrase(en: "there is no such file", ja: "ファイルが存在しません")
    case .fileReadNoPermission:
      Phrase(en: "permission denied", ja: "読み取り権限がありません")
    default:
      Phrase(en: "reading failed", ja: "読み取りに失敗しました")
    }
  }
}
