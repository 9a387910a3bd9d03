import MariaDB
import Replication
import ReplicationTesting
import Testing

@testable import Collection

/// The values are those of MySQL 9.7.4: a member that was given a copy of 237 MB, and one whose donor refused it.
@Suite("What a joiner of a group is given")
struct GroupRecoveryTests {
    private func read(_ fact: Fact, _ columns: [String], _ rows: [[String?]]) throws -> NodeFacts {
        var facts = NodeFacts(identity: ServerIdentity(flavor: .mysql, version: ServerVersion(9, 7, 4)))
        facts.channels = []
        facts.cluster = ClusterMember(kind: .group, cluster: "group", id: "a", state: .joining)
        let now = Moment.now
        try fact.read(Answer(ResultTable(columns: columns, rows: rows), asked: now, told: now), &facts)
        return facts
    }

    private func clone(_ stages: (name: String, state: String, data: String, estimate: String)...) throws
        -> CloneProgress?
    {
        let rows = stages.map { [$0.name, $0.state, $0.data, $0.estimate] as [String?] }
        return try read(.mySQLClone, ["STAGE", "STATE", "DATA", "ESTIMATE"], rows).cluster?.clone
    }

    @Test("The stage of a copy is the one in progress; bytes are those of all stages")
    func stages() throws {
        #expect(
            try clone(("DROP DATA", "In Progress", "0", "0"), ("FILE COPY", "Not Started", "0", "0"))
                == CloneProgress(stage: .dropData, copied: 0, estimated: 0))
        #expect(
            try clone(
                ("DROP DATA", "Completed", "0", "0"), ("FILE COPY", "In Progress", "141904291", "237324707"),
                ("PAGE COPY", "Not Started", "0", "0"))
                == CloneProgress(stage: .fileCopy, copied: 141_904_291, estimated: 237_324_707))
        #expect(
            try clone(
                ("FILE COPY", "Completed", "237324707", "237324707"), ("REDO COPY", "Completed", "6144", "6144"),
                ("FILE SYNC", "In Progress", "0", "0"))
                == CloneProgress(stage: .fileSync, copied: 237_330_851, estimated: 237_330_851))
    }

    @Test("A copy that is over, or none, is no progress")
    func over() throws {
        #expect(try clone() == nil)
        #expect(try clone(("FILE COPY", "Completed", "7", "7"), ("RECOVERY", "Completed", "0", "0")) == nil)
        #expect(try clone(("SOME DAY", "In Progress", "7", "7")) == nil)
    }

    private static let columns = ["state", "number", "message", "error_time", "donor_host", "donor_port"]

    @Test("A donor that refuses is named, with its error")
    func refused() throws {
        let message =
            "Error connecting to source 'repl@127.0.0.12:35012'. This was attempt 1/1, with a delay of 60 seconds between "
            + "attempts. Message: Access denied for user 'repl'@'localhost' (using password: YES)"
        let facts = try read(
            .mySQLGroupRecovery, Self.columns, [["OFF", "1045", message, "1795942296.798501", "127.0.0.12", "35012"]])
        let channel = try #require(facts.groupChannels.first)
        #expect(channel.name == "group_replication_recovery" && channel.ioThread == .stopped)
        #expect(channel.ioError?.number == 1045 && channel.ioError?.message == message)
        #expect(channel.source.host == "127.0.0.12" && channel.source.port == 35012)
    }

    @Test("A port that is none is 0", arguments: ["65536", "18446744073709551615", "-1", "x"])
    func port(_ text: String) throws {
        let facts = try read(.mySQLGroupRecovery, Self.columns, [["OFF", "0", "", nil, "donor", text]])
        #expect(facts.groupChannels.first?.source.host == "donor" && facts.groupChannels.first?.source.port == 0)
    }

    @Test("A channel that has had no donor yet has none")
    func unused() throws {
        let facts = try read(.mySQLGroupRecovery, Self.columns, [["OFF", "0", "", nil, "<NULL>", "0"]])
        #expect(facts.groupChannels.first?.source.host == "" && facts.groupChannels.first?.ioError == nil)
    }
}
