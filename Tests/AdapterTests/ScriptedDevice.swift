import FirewallSimulators
import Synchronization

/// Gives the same answer to whatever it is asked.
final class ScriptedDevice: SimulatedDevice {
  static let name = "scripted"

  let answer = Mutex(SimulatedAnswer())
  var violations: [String] { [] }
  func isChange(_ request: SimulatedRequest) -> Bool { true }
  func answer(_ request: SimulatedRequest, fault: DeviceFault?) -> SimulatedAnswer {
    answer.withLock(\.self)
  }
}
