/// The sections of the file of a name model.
package enum NameModelSection: Hashable, Sendable {
  package static let firstLine = "sekisho-name-model 2"

  case about, thresholds, calibration, suffixes, characters, familiar, words
  case table(NameTerm)

  package var heading: String {
    switch self {
    case .about: "about"
    case .thresholds: "thresholds"
    case .calibration: "calibration"
    case .suffixes: "suffixes"
    case .characters: "characters"
    case .familiar: "familiar-sequences"
    case .words: "known-words"
    case .table(let term): term.identifier
    }
  }

  package static let byHeading: [String: NameModelSection] = {
    let all: [NameModelSection] =
      [.about, .thresholds, .calibration, .suffixes, .characters, .familiar, .words]
      + NameTerm.allCases.map { .table($0) }
    return Dictionary(uniqueKeysWithValues: all.map { ($0.heading, $0) })
  }()
}
