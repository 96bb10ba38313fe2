import NIOCore
import NIOHTTP1

/// Keeps the bytes of a connection until a request is complete.
final class ByteRecorder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private var bytes: [UInt8] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += unwrapInboundIn(data).readableBytesView
    context.fireChannelRead(data)
  }

  func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }
}

/// Collects one request after another and writes what became of it.
final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// What the other side gets.
  enum Reaction {
    case whole(SimulatedAnswer)
    /// Half of the body, then the end of the connection.
    case half(SimulatedAnswer)
    /// A byte now and then.
    case slow(SimulatedAnswer)
    /// The end of the connection.
    case nothing
  }

  private let recorder: ByteRecorder
  private let react: @Sendable (SimulatedRequest, [UInt8]) -> Reaction
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(
    recorder: ByteRecorder, react: @escaping @Sendable (SimulatedRequest, [UInt8]) -> Reaction
  ) {
    self.recorder = recorder
    self.react = react
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let part):
      guard head != nil else { return }
      body += part.readableBytesView
      guard body.count <= DeviceServer.largestBody else {
        head = nil
        write(SimulatedAnswer(status: 413), isLast: true, in: context)
        return
      }
    case .end:
      guard let head else { return }
      self.head = nil
      let request = SimulatedRequest(
        method: head.method.rawValue, target: head.uri, headers: head.headers.map { ($0.name, $0.value) },
        body: body)
      body = []
      switch react(request, recorder.take()) {
      case .whole(let answer): write(answer, isLast: !head.isKeepAlive, in: context)
      case .nothing: context.close(promise: nil)
      case .half(let answer):
        writeHead(answer, in: context)
        writePart(answer.body.prefix(answer.body.count / 2), in: context)
        context.flush()
        context.close(promise: nil)
      case .slow(let answer):
        writeHead(answer, in: context)
        context.flush()
        drip(answer.body[...], in: context)
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func writeHead(_ answer: SimulatedAnswer, in context: ChannelHandlerContext) {
    var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
    headers.replaceOrAdd(name: "Content-Length", value: String(answer.body.count))
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func writePart(_ bytes: ArraySlice<UInt8>, in context: ChannelHandlerContext) {
    guard !bytes.isEmpty else { return }
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
  }

  private func write(_ answer: SimulatedAnswer, isLast: Bool, in context: ChannelHandlerContext) {
    writeHead(answer, in: context)
    writePart(answer.body[...], in: context)
    guard isLast else {
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      return
    }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
  }

  private func drip(_ rest: ArraySlice<UInt8>, in context: ChannelHandlerContext) {
    guard context.channel.isActive, let byte = rest.first else { return context.close(promise: nil) }
    writePart([byte], in: context)
    context.flush()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let left = Array(rest.dropFirst())
    context.eventLoop.scheduleTask(in: .milliseconds(500)) {
      let (handler, context) = bound.value
      handler.drip(left[...], in: context)
    }
  }
}
