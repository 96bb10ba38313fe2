import Capture
import Glibc
import NetworkTypes
import Promises

/// A capture file, pcap or pcapng.
@main enum CaptureProgram {
  static func main() {
    fuzz { start, count in
      CaptureProgram.read(input(start, count))
      return 0
    }
  }

  private static func read(_ input: [UInt8]) {
    promise(
      ftruncate(file, 0) == 0 && pwrite(file, input, input.count, 0) == input.count, "a file can be written")
    let path = "/proc/self/fd/\(file)"
    let first = reading(path)
    promise(first == reading(path), "reading twice gives the same")
    promise(first.bytes <= input.count, "there are no more bytes than the file has")
  }
}

/// A file in memory that nobody else sees.
private let file: CInt = {
  var path = Array("/dev/shm/sekisho-fuzz-XXXXXX".utf8CString)
  let file = mkstemp(&path)
  promise(file >= 0, "a file in memory can be made")
  unlink(path)
  return file
}()

private struct Reading: Equatable {
  var frames = 0
  var bytes = 0
  var sum: UInt64 = 0
  var time: Int64 = 0
  var ending = ""
}

private func reading(_ path: String) -> Reading {
  var reading = Reading()
  do throws(CaptureError) {
    var file = try PacketFile(path, isReadable: { $0 != 147 })
    let ending = try file.forEachFrame { frame, info in
      reading.frames += 1
      reading.bytes += frame.count
      for index in frame.indices { reading.sum = reading.sum &* 31 &+ UInt64(frame[index]) }
      reading.time = info.time.microseconds
      promise(info.time.description.count > 10, "every time can be written")
      return .goOn
    }
    promise(ending == .endOfFile, "a file that was read ends")
    reading.ending = "end"
  } catch {
    reading.ending = "\(error)"
    promise(!reading.ending.isEmpty, "an error says something")
  }
  return reading
}
