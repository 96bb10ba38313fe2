import Foundation
import Testing

/// Tests of the whole path on real firewalls, with the real program.
///
/// They run one after another, and only where `SEKISHO_LAB=1` says that the network namespace is a
/// throw-away one: they end with an empty rule set.
@Suite(
  .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["SEKISHO_LAB"] == "1",
    "needs a network namespace of its own: run by make test"))
enum EndToEndTests {}
