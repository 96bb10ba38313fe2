import NetworkTypes
import Randomness
import Testing

@Suite("Order of targets")
struct TargetOrderTests {
  private struct Named {
    var target: BlockTarget
    var place: Int
  }

  @Test("sorting by target gives the order that targets have, and keeps that of equal ones")
  func sameAsComparing() {
    var random = SplitMix64(seed: 21)
    for _ in 0..<200 {
      var list: [Named] = []
      for place in 0..<Int.random(in: 0..<60, using: &random) {
        let target: BlockTarget
        switch Int.random(in: 0..<4, using: &random) {
        case 0: target = .prefix(IPPrefix(.random(using: &random)))
        case 1:
          let address = IPAddress(ipv4: UInt32.random(in: 0..<4, using: &random) << 24)
          target = .prefix(IPPrefix(address, length: Int.random(in: 6...32, using: &random))!)
        case 2: target = .name(DomainName("n\(Int.random(in: 0..<5, using: &random)).example")!)
        default: target = list.randomElement(using: &random)?.target ?? .prefix(IPPrefix(IPAddress(ipv4: 7)))
        }
        list.append(Named(target: target, place: place))
      }
      let expected = list.sorted { ($0.target, $0.place) < ($1.target, $1.place) }
      #expect(list.inOrder(of: \.target).map(\.place) == expected.map(\.place))
    }
  }
}
