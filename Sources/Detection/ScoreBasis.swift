/// What the terms of a score rest on beside the destination itself, kept in the verdict so that they can be
/// computed again: the model file by its hash, the limit, and what the guard knew.
public struct ScoreBasis: Hashable, Sendable, Codable {
  /// What was known of how many people use the name. A guard, never an input of a score.
  public enum Popularity: String, Hashable, Sendable, Codable {
    case popular
    case notPopular = "not-popular"
    /// No table of popular names was at hand.
    case unknown
  }

  /// SHA-256 of the model file, hexadecimal: that of names where the destination has one, else that of
  /// addresses.
  public let model: String
  /// From which score on the destination blocked by itself, in hundredths of points.
  public let limit: Int
  /// Of the name; `nil` for a bare address.
  public let popularity: Popularity?

  public init(model: String, limit: Int, popularity: Popularity?) {
    self.model = model
    self.limit = limit
    self.popularity = popularity
  }
}
