internal import CMariaDB
internal import Replication
internal import Synchronization
internal import Threads

/// A connection to one server; the only owner of a `MYSQL*`.
///
/// Its calls block, so they run on the thread it is given. A call ends at its deadline (see `Interrupter`), except for the
/// name look-up within `connect`, which nothing can interrupt.
actor Connection {
    private let executor: ThreadExecutor
    nonisolated let interrupter = Interrupter()

    private var mysql: UnsafeMutablePointer<MYSQL>? {
        didSet { hasConnection.store(mysql != nil, ordering: .releasing) }
    }
    /// Whether the server accepts several statements in one packet.
    private var sendsBatches = false
    /// Column names by index in the batch; a dialect's statements return the same ones every time.
    private var shapes: [ColumnNames] = []
    /// The text of the last batch and the size of its reply; the bytes are those on the wire.
    private var lastReply: (text: String, size: ReplyBuilder.Size, bytes: Int) = ("", .usual, 0)
    // Read from other threads without switching to this connection's thread and back.
    private nonisolated let hasConnection = Atomic(false)
    private nonisolated let packetsSent = Atomic(0)
    private nonisolated let underway = Mutex<ReplyProgress?>(nil)

    init(executor: ThreadExecutor) {
        self.executor = executor
    }

    /// On the actor's thread as well, because closing sends COM_QUIT to the server.
    isolated deinit {
        if let mysql { mysql_close(mysql) }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated var isOpen: Bool { hasConnection.load(ordering: .acquiring) }

    /// Statement packets sent so far: the number of round trips to the server.
    nonisolated var roundTrips: Int { packetsSent.load(ordering: .relaxed) }

    /// The complete tables of the reply being received, for callers that cannot wait for the rest. Nil between calls.
    nonisolated var replySoFar: BatchReply? { underway.withLock(\.self)?.reply() }

    /// The server's version as its handshake reported it, for example `10.11.19-MariaDB-0+deb12u1`. Empty when closed.
    var serverVersion: String {
        guard let mysql, let text = mysql_get_server_info(mysql) else { return "" }
        return String(cString: text)
    }

    /// The lower half of the server's id of this connection, as the process list shows it. 0 when closed.
    var serverThread: UInt32 { mysql.map { UInt32(truncatingIfNeeded: mysql_thread_id($0)) } ?? 0 }

    /// Connects and authenticates. Closes the previous connection, if one was open.
    /// - Returns: the server's version in its own words (`serverVersion`).
    /// - Throws: `MySQLError` with phase dns, connect, tls, authentication, timeout or protocol.
    @discardableResult
    func open(
        _ options: ConnectionOptions, deadline: ContinuousClock.Instant
    ) throws(MySQLError) -> String {
        close()
        guard deadline > .now else { throw .deadlineExceeded(while: "waiting for the connection's thread") }
        if case .tcp(let host, _) = options.address, let failure = NameLookup.failure(of: host, deadline: deadline) {
            throw failure
        }
        if let unreadable = options.unreadableFile { throw unreadable }
        do throws(MySQLError) {
            try connect(options, deadline: deadline)
        } catch  where error.isLostRaceForPlugin {
            try connect(options, deadline: deadline)
        }
        return serverVersion
    }

    private func connect(
        _ options: ConnectionOptions, deadline: ContinuousClock.Instant
    ) throws(MySQLError) {
        guard libraryIsInitialised, let mysql = mysql_init(nil) else {
            throw MySQLError(phase: .connect, code: 2008, message: "libmariadb is out of memory")
        }
        apply(options, to: mysql, deadline: deadline)

        let logIn = LogInGuard(options.wish, deadline: deadline)
        let lacksTLS = MySQLError(
            phase: .tls, code: ErrorCode.tlsFailed,
            message: "the server offers no TLS and tls.mode is \(options.tls.rawValue)")
        let flags = clientFlags(for: options)
        let call = {
            switch options.address {
            case .tcp(let host, let port):
                mysql_real_connect(mysql, host, options.user, options.password, nil, UInt32(port), nil, flags)
            case .unix(let path):
                mysql_real_connect(mysql, "localhost", options.user, options.password, nil, 0, path, flags)
            }
        }
        let connected = interrupter.during(until: deadline, reading: ReplyLimit.description) { logIn.during(call) }
        guard connected != nil else {
            let error = lastError(of: mysql, connecting: true)
            discard(mysql)
            if logIn.lacksTLS, options.wish == .tls { throw lacksTLS }
            throw logIn.refusal ?? error
        }
        let socket = mysql_get_socket(mysql)
        interrupter.adopt(socket)
        if case .tcp = options.address { noticeSilence(of: socket) }
        if options.wantsTLS { setBlocking(true, socket) }
        self.mysql = mysql
        sendsBatches = options.sendsBatches
        // The guard found something after the server's last packet, and has shut the socket down.
        if let refusal = logIn.refusal {
            close()
            throw refusal
        }
        // The connection attributes take 8 KiB and are no longer needed.
        mysql_options(mysql, MYSQL_OPT_CONNECT_ATTR_RESET, nil)
        if let interruption = interruption(while: "connecting") {
            // The last packet came too late: the socket has already been shut down.
            close()
            throw interruption
        }
        // Cannot happen, but checked all the same: no statement is sent in plain text where TLS is required.
        if options.wish == .tls, mysql_get_ssl_cipher(mysql) == nil {
            close()
            throw lacksTLS
        }
    }

    /// Sends all statements and reads their results in order: in one round trip where the connection sends batches, otherwise
    /// one after the other.
    ///
    /// A refused statement ends the batch: the reply then holds the tables before it, and the refusal. The deadline ends it in
    /// the same way, and also closes the connection.
    /// - Throws: `MySQLError` when the connection can no longer be used; it is closed then.
    func run(_ batch: Batch, deadline: ContinuousClock.Instant) throws(MySQLError) -> BatchReply {
        guard let mysql else {
            throw MySQLError(phase: .connect, code: ErrorCode.serverGone, message: "not connected")
        }
        // If the deadline passed while queued for the thread, fail without closing the connection.
        guard deadline > .now else { throw .deadlineExceeded(while: "waiting for the connection's thread") }
        let isAsLast = batch.text == lastReply.text
        let progress = ReplyProgress(like: isAsLast ? lastReply.size : .usual)
        underway.withLock { $0 = progress }
        defer { underway.withLock { $0 = nil } }
        // With TLS the mark would count encrypted bytes, and without batches each statement has a reply of its own.
        let expected = isAsLast && sendsBatches && mysql_get_ssl_cipher(mysql) == nil ? lastReply.bytes : 0
        let error = interrupter.during(until: deadline, expecting: expected) {
            send(batch, to: mysql, deadline, into: progress)
        }
        let received = Moment.now
        if error == nil { lastReply = (batch.text, progress.size, interrupter.bytesRead) }
        if let error, error.breaksConnection {
            let isLate = interrupter.interruption == .deadline
            let thread = serverThread
            close()
            guard isLate else { throw error }
            return progress.reply(
                received: received, refusal: .init(statement: progress.tableCount, error: error, unanswered: thread))
        }
        // The reply was complete all the same, but the socket has been shut down.
        if interrupter.interruption != nil { close() }
        return progress.reply(
            received: received, refusal: error.map { .init(statement: progress.tableCount, error: $0) })
    }

    /// Runs one statement. A refusal is thrown.
    func query(_ sql: String, deadline: ContinuousClock.Instant) throws(MySQLError) -> ResultTable {
        let reply = try run(Batch([sql]), deadline: deadline)
        if let refusal = reply.refusal { throw refusal.error }
        return reply.tables.first ?? ResultTable(columns: [], rows: [])
    }

    func close() {
        guard let mysql else { return }
        self.mysql = nil
        shapes.removeAll()
        lastReply.bytes = 0
        discard(mysql)
    }

    private func discard(_ mysql: UnsafeMutablePointer<MYSQL>) {
        interrupter.release()
        mysql_close(mysql)
        // Returns the memory of a hostile reply to the system; glibc would keep it, once for each of its arenas.
        if interrupter.hasReadMuch { malloc_trim(0) }
    }

    // MARK: - Sending and receiving

    private func send(
        _ batch: Batch, to mysql: UnsafeMutablePointer<MYSQL>, _ deadline: ContinuousClock.Instant,
        into reply: ReplyProgress
    ) -> MySQLError? {
        if batch.isCall || sendsBatches {
            let results = batch.isCall ? 1...Batch.mostResults : batch.count...batch.count
            return send(batch.text, results: results, to: mysql, into: reply)
        }
        for statement in batch.statements {
            // A statement sent after the deadline might be executed all the same.
            if deadline <= .now { return .deadlineExceeded(while: "waiting for a reply") }
            if let error = send(statement, results: 1...1, to: mysql, into: reply) { return error }
        }
        return nil
    }

    /// Sends one packet and reads the results of its statements.
    /// - Parameter results: how many there are.
    private func send(
        _ text: String, results: ClosedRange<Int>, to mysql: UnsafeMutablePointer<MYSQL>, into reply: ReplyProgress
    ) -> MySQLError? {
        packetsSent.wrappingAdd(1, ordering: .relaxed)
        let start = reply.tableCount
        var text = text
        let status = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                interrupter.beforeRows { mysql_real_query(mysql, text.baseAddress, UInt(text.count)) }
            }
        }
        if status != 0 { return lastError(of: mysql, connecting: false) }

        while true {
            if let error = receiveTable(of: mysql, into: reply) { return error }
            let next = interrupter.beforeRows { mysql_next_result(mysql) }
            // Checked before the result is used: a refusal must belong to a statement that was sent.
            let count = reply.tableCount - start
            if next < 0 ? count < results.lowerBound : count >= results.upperBound {
                return MySQLError(
                    phase: .protocol, code: ErrorCode.malformedPacket,
                    message:
                        "the server was sent \(results.lowerBound) statements and returned a different number of results"
                )
            }
            if next < 0 { return nil }
            if next > 0 { return lastError(of: mysql, connecting: false) }
        }
    }

    private func receiveTable(
        of mysql: UnsafeMutablePointer<MYSQL>, into reply: ReplyProgress
    ) -> MySQLError? {
        guard let result = mysql_use_result(mysql) else {
            if mysql_errno(mysql) != 0 { return lastError(of: mysql, connecting: false) }
            // A statement that returns no rows, such as SET.
            reply.endTable(.none, affectedRows: mysql_affected_rows(mysql))
            return nil
        }
        // Frees the result after reading the rest of it; the deadline cuts that off like every other read.
        defer { mysql_free_result(result) }
        let count = Int(mysql_num_fields(result))
        guard let fields = mysql_fetch_fields(result) else {
            return MySQLError(phase: .protocol, code: ErrorCode.malformedPacket, message: "a result without columns")
        }
        let columns = shape(at: reply.tableCount, UnsafeBufferPointer(start: fields, count: count))
        while let row = mysql_fetch_row(result) {
            guard let lengths = mysql_fetch_lengths(result) else { break }
            reply.append(row: row, lengths: lengths, count: count)
        }
        if mysql_errno(mysql) != 0 { return lastError(of: mysql, connecting: false) }
        reply.endTable(columns)
        return nil
    }

    /// The names of the last round if they are still the same.
    private func shape(at index: Int, _ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> ColumnNames {
        if index < shapes.count, shapes[index].are(fields) { return shapes[index] }
        let names = ColumnNames.of(fields)
        // The batch has changed: drop the names from here on; the next batch of the same statements finds them again.
        shapes.removeSubrange(min(index, shapes.count)...)
        if index == shapes.count { shapes.append(names) }
        return names
    }

    private func lastError(of mysql: UnsafeMutablePointer<MYSQL>, connecting: Bool) -> MySQLError {
        let code = mysql_errno(mysql)
        // To the library, a read that was cut off looks like a lost connection.
        if code == 0 || ErrorCode.isOfLibrary(code),
            let interruption = interruption(while: connecting ? "connecting" : "waiting for a reply")
        {
            return interruption
        }
        var message = String(cString: mysql_error(mysql))
        if connecting, ErrorCode.isOfConnecting(code) {
            message = MySQLError.reason(of: message, errno: interrupter.refusal)
        }
        return .classify(
            code: code, sqlState: String(cString: mysql_sqlstate(mysql)), message: message, connecting: connecting)
    }
}

extension Connection {
    /// Why the last call was cut off, if it was.
    private func interruption(while doing: String) -> MySQLError? {
        switch interrupter.interruption {
        case nil: nil
        case .deadline where !interrupter.hadPeer:
            .deadlineExceeded(while: "\(doing): the host is down, or a firewall drops the packets")
        case .deadline: .deadlineExceeded(while: doing)
        case .size: .refused("the reply is larger than \(ReplyLimit.bytes >> 20) MiB; refused")
        case .description:
            .refused("the reply has more than \(ReplyLimit.description >> 10) KiB before its rows; refused")
        case .crowd:
            .refused("the replies being received exceed \(ReplyLimit.shared >> 20) MiB in total; refused")
        }
    }
}
