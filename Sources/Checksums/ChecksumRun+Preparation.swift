import MariaDB
internal import Replication

extension ChecksumRun {
    /// Connects to all nodes, and makes sure that a comparison would be sound before anything is written.
    /// - Returns: whether the primary ignores case in table names.
    func prepare() async throws(ChecksumRefusal) -> Bool {
        var variables: [String: ServerVariables] = [:]
        for node in [scope.primary] + scope.replicas {
            do throws(MySQLError) {
                variables[node] = ServerVariables(try await sessions.run([ServerVariables.statement], on: node)[0])
            } catch {
                throw ChecksumRefusal("\(node): " + error.words + Self.advice(error))
            }
        }
        let reasons = scope.reasons(against: variables)
        guard reasons.isEmpty else { throw ChecksumRefusal(reasons) }
        try await makeTable()
        return variables[scope.primary]?.ignoresCase ?? false
    }

    private static func advice(_ error: MySQLError) -> String {
        guard error.phase == .permission else { return "" }
        return "; setting binlog_format needs the privilege BINLOG ADMIN on MariaDB, SESSION_VARIABLES_ADMIN on MySQL"
    }

    /// Creates the checksum table if it is missing, and waits until it exists everywhere: a row for a missing table
    /// would stop a replica.
    private func makeTable() async throws(ChecksumRefusal) {
        if let problem = try await problem(of: scope.primary) {
            guard problem == .missing else {
                throw ChecksumRefusal("\(scope.primary): \(problem.words(statements.table))")
            }
            do throws(MySQLError) {
                try await sessions.primary(statements.creation)
            } catch {
                throw ChecksumRefusal(
                    "\(scope.primary): creating \(statements.table): \(error.words)")
            }
        }
        let deadline = ContinuousClock.now + options.patience
        for node in scope.replicas {
            while let problem = try await problem(of: node) {
                guard problem == .missing, ContinuousClock.now < deadline, !Task.isCancelled else {
                    throw ChecksumRefusal("\(node): \(problem.words(statements.table))")
                }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private enum TableProblem: Equatable {
        case missing
        case column(String)

        func words(_ table: TableName) -> String {
            switch self {
            case .missing: "\(table) does not exist, or the account may not see it"
            case .column(let name): "\(table) has no column \(name): its layout is not pt-table-checksum's"
            }
        }
    }

    private func problem(of node: String) async throws(ChecksumRefusal) -> TableProblem? {
        do throws(MySQLError) {
            guard
                let table = TableStructure(
                    try await sessions.run(TableStructure.statements(statements.table), on: node))
            else { return .missing }
            let names = Set(table.columns.map { $0.name.lowercased() })
            return ChecksumTableStatements.columns.first { !names.contains($0) }.map(TableProblem.column)
        } catch {
            throw ChecksumRefusal("\(node): \(error.words)")
        }
    }

    /// The tables to compare, in order.
    /// - Parameter ignoresCase: whether the primary ignores case in table names.
    func tables(ignoringCase ignoresCase: Bool) async throws(ChecksumRefusal) -> [TableName] {
        if let tables = options.tables { return Array(Set(tables)).sorted() }
        let statement = """
            SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES \
            WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') \
            AND TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
            """
        do throws(MySQLError) {
            return try await sessions.primary([statement])[0].rows.compactMap { row in
                guard let database = row.text("TABLE_SCHEMA"), let table = row.text("TABLE_NAME") else { return nil }
                return TableName(database: database, table: table)
            }.filter { !statements.isItself($0, ignoringCase: ignoresCase) }.sorted()
        } catch {
            throw ChecksumRefusal("\(scope.primary): listing the tables: \(error.words)")
        }
    }

    /// How many of the tables the last run has started.
    func tablesBegun(of tables: [TableName]) async throws(ChecksumRefusal) -> Int {
        do throws(MySQLError) {
            guard let row = try await sessions.primary([statements.newest])[0].first, let database = row.text("db"),
                let table = row.text("tbl"),
                let index = tables.firstIndex(of: TableName(database: database, table: table))
            else { return 0 }
            return index + 1
        } catch {
            throw ChecksumRefusal(
                "\(scope.primary): reading \(statements.table): \(error.words)")
        }
    }
}
