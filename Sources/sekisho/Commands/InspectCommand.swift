import ArgumentParser
import Capture
import Foundation
import Inspection
import Language
import NetworkTypes

struct InspectCommand: SekishoCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print what the packets of a capture tell: names, connections, requests.")

  @Argument(help: "A pcap or pcapng file.") var file: String
  @OptionGroup var global: GlobalOptions

  func perform() async throws(CommandFailure) -> ExitStatus {
    let console = global.console
    do throws(CaptureError) {
      var packets = try PacketFile(file, isReadable: LinkType.isSupported)
      let link = LinkType(dataLink: packets.dataLink)
      // A file is read the same way each time.
      var inspector = Inspector(seed: 1)
      var headers = PacketHeaders()
      var observation = Observation()
      var output = LineWriter()
      var failure: CaptureError?
      do throws(CaptureError) {
        _ = try packets.forEachFrame { frame, info in
          if inspector.inspect(
            frame, link: link, time: info.time, headers: &headers, observation: &observation) == .observation
          {
            if console.json {
              observation.appendJSON(to: &output.bytes)
            } else {
              output.bytes.append(contentsOf: Self.text(observation).utf8)
            }
            output.endLine()
          }
          return .goOn
        }
      } catch {
        failure = error
      }
      output.flush()
      if !console.json { Self.showCounters(inspector.counters, console) }
      if let failure { throw failure }
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    return .done
  }

  private static func text(_ observation: Observation) -> String {
    var words = [
      String(observation.time.description.dropFirst(11).prefix(15)), observation.kind.rawValue,
      observation.source.address.description, "→",
      observation.kind == .dnsQuery || observation.kind == .dnsAnswer
        ? observation.destination.address.description : observation.destination.description,
    ]
    if let name = observation.name { words.append(name) }
    if observation.addressCount > 0, observation.kind == .dnsAnswer {
      words.append("= " + observation.addresses.map(\.description).joined(separator: " "))
    }
    if let ja4 = observation.ja4 { words.append(ja4) }
    if let digest = observation.certificateSHA256 {
      words.append("SHA-256 \(digest)")
      words += observation.certificateNames
    }
    if let method = observation.method { words.append("\(method) \(observation.path ?? "")") }
    return words.joined(separator: " ")
  }

  private static func showCounters(_ counters: InspectionCounters, _ console: Console) {
    let reasons = counters.faults.filter { $0.value > 0 }.map { "\($0.name) \($0.value)" }
    console.say(
      Phrase(
        en: "\(counters.packets) packets, \(counters.bytes) bytes. "
          + (reasons.isEmpty
            ? "All could be read." : "Not read, by reason: \(reasons.joined(separator: ", "))."),
        ja: "パケット \(counters.packets) 件、\(counters.bytes) バイト。"
          + (reasons.isEmpty ? "すべて解析しました。" : "解析できなかったもの（理由別）: \(reasons.joined(separator: ", "))。")), .dim)
  }
}

/// Lines to standard output in large pieces.
private struct LineWriter {
  var bytes: [UInt8] = []

  mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count > 1 << 16 { flush() }
  }

  mutating func flush() {
    FileHandle.standardOutput.write(Data(bytes))
    bytes.removeAll(keepingCapacity: true)
  }
}
