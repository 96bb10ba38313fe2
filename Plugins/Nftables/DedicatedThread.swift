import Glibc
import Synchronization

/// A thread of its own as the executor of an actor.
///
/// A netlink socket tells answers apart by their order, and kernel calls that may take hundreds of
/// milliseconds have no place on the shared pool. The thread ends after `stop()`, when the jobs that
/// were handed over before are done.
final class DedicatedThread: SerialExecutor {
  private struct Queue {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let queue = Mutex(Queue())
  private let wake = Semaphore()

  init() {
    // The thread holds the executor until it is stopped, so no job can outlive it.
    Self.start { self.run() }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.withLock { $0.jobs.append(job) }
    wake.signal()
  }

  func stop() {
    queue.withLock { $0.isStopped = true }
    wake.signal()
  }

  private func run() {
    while true {
      wake.wait()
      let (jobs, isStopped) = queue.withLock { queue in
        defer { queue.jobs.removeAll() }
        return (queue.jobs, queue.isStopped)
      }
      for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
      if isStopped, jobs.isEmpty { return }
      // Jobs may have come in while these ran; their signals are still to be waited for, but not a
      // stop that was taken together with jobs.
      if isStopped { wake.signal() }
    }
  }

  /// Runs a piece of work on a thread of its own; the answer waits for it to end.
  static func beside<Value: Sendable>(_ work: sending @escaping () -> Value) -> () -> Value? {
    let result = Result<Value>()
    start {
      let value = work()
      result.value.withLock { $0 = value }
      result.end.signal()
    }
    return {
      result.end.wait()
      return result.value.withLock { $0 }
    }
  }

  private final class Result<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
    let end = Semaphore()
  }

  /// Starts a detached thread. Running out of threads is as fatal here as running out of memory.
  static func start(_ body: sending @escaping () -> Void) {
    let box = Unmanaged.passRetained(Body(run: body))
    var thread = pthread_t()
    let error = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    precondition(error == 0, "no thread can be started: \(String(cString: strerror(error)))")
    pthread_detach(thread)
  }

  private final class Body {
    let run: () -> Void

    init(run: sending @escaping () -> Void) { self.run = run }
  }
}

/// A counting semaphore.
///
/// `@unchecked Sendable`: the semaphore's memory is allocated once, is freed when nobody holds the
/// object any more, and in between is only handed to `sem_post` and `sem_wait`, which are made for it.
private final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() { sem_post(semaphore) }

  func wait() {
    while sem_wait(semaphore) != 0, errno == EINTR {}
  }
}
