public import Reputation

extension GatewayConfiguration {
  /// Reads every source and builds the index.
  ///
  /// - Returns: the index and the lists it was built from, whose problems stand in them.
  public func loadReputation() throws(ReputationError) -> (index: ReputationIndex, lists: [IndicatorList]) {
    var lists: [IndicatorList] = []
    for source in sources { lists.append(try IndicatorList.load(source)) }
    return (try ReputationIndex(lists), lists)
  }
}
