import Enforcement
import FirewallConformance
import FirewallKit
import Foundation

/// The process that a kill ends: makes one change on a real firewall and ends itself with SIGKILL at
/// the boundary it is given. Ends with 0 when it passed fewer boundaries than that.
///
///     KillSubject FIREWALL KIND DIRECTORY BOUNDARY
@main
struct KillSubject {
  static func main() async {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let firewall = KillFirewall(rawValue: arguments[1]),
      let kind = KillKind(rawValue: arguments[2]), let boundary = Int(arguments[4])
    else {
      complain("usage: KillSubject FIREWALL KIND DIRECTORY BOUNDARY")
      exit(64)
    }
    let tripwire = Tripwire(at: boundary) { kill(getpid(), SIGKILL) }
    do {
      let report = try await kind.act(try firewall.engine(in: arguments[3], tripwire: tripwire).engine)
      guard report?.receipt?.outcome == .applied else {
        complain("\(kind): \(String(describing: report?.receipt?.outcome))")
        exit(2)
      }
    } catch {
      complain("\(kind): \(error)")
      exit(1)
    }
  }

  private static func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}
