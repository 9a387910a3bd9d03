internal import CThreads
internal import Glibc

/// One operating-system thread that runs an actor's jobs in order.
///
/// Swift's cooperative pool must never block, so blocking work (libmariadb, reading files) runs on a thread of its own: an
/// actor names this executor as its `unownedExecutor`, and callers `await` it like any other actor.
/// One executor may serve several actors; their jobs then run one after the other.
///
/// `@unchecked Sendable`: the mutable state is touched only with `mutex` held.
package final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// Posted when the queue stops being empty. A condition variable would cost another system call at each wake-up, to
    /// release its mutex.
    private let wakeUp: UnsafeMutablePointer<sem_t>
    private var queue: [UnownedJob] = []
    private var isStopped = false
    /// The thread has ended. Later jobs run on the thread that enqueues them, one at a time.
    private var hasEnded = false
    private var isRunningLate = false

    /// Starts the thread.
    /// - Parameters:
    ///   - name: shown by `top -H` and debuggers; Linux keeps the first 15 bytes.
    ///   - stackSize: bytes; libmariadb with OpenSSL needs less than 100 KiB.
    /// - Throws: `ThreadError` when the system refuses a thread (`pthread_create(3)`, EAGAIN).
    package init(name: String, stackSize: Int = 256 * 1024) throws(ThreadError) {
        mutex = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        sem_init(wakeUp, 0, 0)

        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

        var thread = pthread_t()
        // The thread owns a reference to its executor, so that a late job never finds a freed queue.
        let start = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument {
                    Unmanaged<ThreadExecutor>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw ThreadError(errno: status)
        }
        pthread_setname_np(thread, String(decoding: name.utf8.prefix(15), as: UTF8.self))
    }

    deinit {
        sem_destroy(wakeUp)
        pthread_mutex_destroy(mutex)
        wakeUp.deallocate()
        mutex.deallocate()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The job may be the last actor's deinit and release this executor before this function has returned.
        let alive = Unmanaged.passRetained(self)
        defer { alive.release() }
        pthread_mutex_lock(mutex)
        let wasEmpty = queue.isEmpty
        queue.append(job)
        let isLate = hasEnded && !isRunningLate
        if isLate { isRunningLate = true }
        pthread_mutex_unlock(mutex)
        if isLate {
            runLate()
        } else if wasEmpty {
            // If the queue was not empty, the thread has been woken and will take this job with the others.
            sem_post(wakeUp)
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Lets the thread end once its queue is empty. Jobs enqueued later still run, on the thread that enqueues them, so that no
    /// caller waits forever; they must not block.
    package func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_mutex_unlock(mutex)
        sem_post(wakeUp)
    }

    private func run() {
        var batch: [UnownedJob] = []
        while true {
            while sem_wait(wakeUp) != 0 {}  // interrupted by a signal
            pthread_mutex_lock(mutex)
            swap(&queue, &batch)
            let isOver = isStopped && batch.isEmpty
            if isOver { hasEnded = true }
            pthread_mutex_unlock(mutex)
            if isOver { return }
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
            batch.removeAll(keepingCapacity: true)
        }
    }

    private func runLate() {
        while true {
            pthread_mutex_lock(mutex)
            let batch = queue
            queue = []
            if batch.isEmpty { isRunningLate = false }
            pthread_mutex_unlock(mutex)
            if batch.isEmpty { return }
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }
}

/// The system refused a thread.
package struct ThreadError: Error, CustomStringConvertible {
    /// What `pthread_create(3)` returned.
    package let errno: Int32

    package var description: String {
        "cannot start a thread: \(String(cString: strerror(errno))); raise the limit on tasks "
            + "(ulimit -u, systemd TasksMax=) or lower the number of nodes"
    }
}
