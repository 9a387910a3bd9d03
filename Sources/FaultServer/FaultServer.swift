internal import Glibc
internal import Synchronization

/// A server on a loopback port that speaks the protocol of MySQL and MariaDB and follows a script, including what no
/// real server does on demand. It accepts every password.
///
/// One thread accepts; each connection has a thread of its own.
package final class FaultServer: Sendable {
    package let port: UInt16
    /// What happens, as it happens. For a single reader.
    package let events: AsyncStream<Event>
    private let shared: Shared
    private let listener: Int32

    /// - Parameters:
    ///   - host: the last three bytes of its address, which is within 127.0.0.0/8.
    ///   - port: 0 for any free port.
    ///   - keepsJournal: whether to record what it receives and to send events; with much traffic that fills the
    ///     memory.
    /// - Throws: if the system has no port or thread left.
    package init(
        _ script: Script, host: (UInt8, UInt8, UInt8) = (0, 0, 1), port: UInt16 = 0, keepsJournal: Bool = true
    ) throws(FaultServerError) {
        (listener, self.port) = try Loopback.listen(host: host, port: port, backlog: 1024)
        let descriptor = listener
        let stream = AsyncStream<Event>.makeStream(bufferingPolicy: keepsJournal ? .unbounded : .bufferingNewest(0))
        events = stream.stream
        shared = Shared(script: script, events: stream.continuation, keepsJournal: keepsJournal)
        do throws(FaultServerError) {
            try shared.start { [shared] in shared.accept(on: descriptor) }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit { stop() }

    package var journal: Journal { shared.state.withLock(\.journal) }

    /// Replaces the script; existing connections follow it from their next query.
    package func follow(_ script: Script) {
        shared.state.withLock { $0.script = script }
    }

    /// Closes all connections, as a server does with idle ones. Continues to accept new ones.
    package func dropConnections() {
        shared.dropConnections()
    }

    /// Closes everything and waits until its threads are done. Connections are refused from then on.
    package func stop() {
        let isFirst = shared.state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        shared.dropConnections()
        shared.join()
        Glibc.close(listener)
        shared.events.finish()
    }
}

/// What the threads share.
final class Shared: Sendable {
    struct State {
        var script: Script
        var journal = Journal()
        var sockets: Set<Int32> = []
        var threads: [pthread_t] = []
        var finished: [pthread_t] = []
        var isStopped = false
    }

    let state: Mutex<State>
    let events: AsyncStream<Event>.Continuation
    let keepsJournal: Bool

    init(script: Script, events: AsyncStream<Event>.Continuation, keepsJournal: Bool) {
        state = Mutex(State(script: script))
        self.events = events
        self.keepsJournal = keepsJournal
    }

    func accept(on listener: Int32) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return  // stopped, or out of descriptors: no further client is served
            }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            let number = state.withLock { state in
                state.sockets.insert(socket)
                state.journal.connections += 1
                state.journal.openConnections += 1
                return state.journal.connections - 1
            }
            events.yield(.connected(number))
            do throws(FaultServerError) {
                try start { [self] in serve(socket, number) }
            } catch {
                end(socket, number)
            }
            reap()
        }
    }

    private func serve(_ socket: Int32, _ number: Int) {
        var conversation = Conversation(socket: socket, number: number, shared: self)
        conversation.run()
        end(socket, number)
    }

    private func end(_ socket: Int32, _ number: Int) {
        state.withLock { state in
            // Within the lock, so that a reused descriptor number is not shut down by mistake.
            state.sockets.remove(socket)
            state.journal.openConnections -= 1
            Glibc.close(socket)
        }
        events.yield(.disconnected(number))
    }

    func dropConnections() {
        state.withLock { state in
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    // MARK: - Threads

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        let shared: Shared

        init(_ body: @escaping @Sendable () -> Void, _ shared: Shared) {
            self.body = body
            self.shared = shared
        }
    }

    func start(_ body: @escaping @Sendable () -> Void) throws(FaultServerError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 512 << 10)  // there may be thousands of them

        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body, self))
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument {
                    let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                    work.body()
                    work.shared.state.withLock { $0.finished.append(pthread_self()) }
                }
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            work.release()
            throw FaultServerError("pthread_create", status)
        }
        state.withLock { $0.threads.append(thread) }
    }

    /// Joins finished threads, to release what they hold.
    private func reap() {
        let finished = state.withLock { state in
            // A thread may end before its starter has recorded it; it is left for the next time.
            let finished = state.finished.filter(state.threads.contains)
            state.finished.removeAll(where: finished.contains)
            state.threads.removeAll(where: finished.contains)
            return finished
        }
        for thread in finished { pthread_join(thread, nil) }
    }

    func join() {
        // The first thread accepts, and starts no further threads once it is done.
        while let thread = state.withLock({ $0.threads.isEmpty ? nil : $0.threads.removeFirst() }) {
            dropConnections()
            pthread_join(thread, nil)
        }
        state.withLock { $0.finished = [] }
    }
}
