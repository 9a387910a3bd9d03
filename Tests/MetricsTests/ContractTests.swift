import Exposition
import Metrics
import Replication
import Testing
import Topology

/// What dashboards and alerts rely on: names, types and labels. A change here needs a line in the changelog.
@Suite("The contract of names and labels")
struct ContractTests {
    @Test("The catalogue contains exactly the recorded metrics, with these types, and labels in this order")
    func catalogue() throws {
        let lines = Catalogue.entries.map { entry in
            "\(entry.description.name){\(entry.labels.joined(separator: ","))} \(entry.description.type)"
        }
        try expectGolden(lines.sorted().joined(separator: "\n") + "\n", "contract.txt")
    }

    @Test("Every metric occurs in the scenes, and its samples carry exactly the labels of the catalogue")
    func labels() throws {
        let families = try Families.everything().all
        #expect(Set(Catalogue.entries.map(\.description.name)).subtracting(families.map(\.description.name)) == [])
        let labels = Dictionary(uniqueKeysWithValues: Catalogue.entries.map { ($0.description.name, $0.labels) })
        for family in families {
            for sample in family.samples {
                #expect(
                    (sample.labels.labels + sample.extra.labels).map(\.name) == labels[family.description.name],
                    "\(family.description.name)")
            }
        }
    }

    @Test("No family contains anything that a reader would refuse")
    func problems() throws {
        #expect(MetricFamily.problems(in: try Families.everything().all) == [])
        // Also without samples: names, units, suffixes.
        #expect(MetricFamily.problems(in: Catalogue.entries.map { MetricFamily($0.description) }) == [])
    }

    @Test("Each metric has its own help text, which is a sentence")
    func help() {
        var helps: Set<String> = []
        for entry in Catalogue.entries {
            let help = entry.description.help
            #expect(help.hasSuffix("."), "\(entry.description.name)")
            #expect(help.first?.isUppercase == true, "\(entry.description.name)")
            #expect(helps.insert(help).inserted, "\(entry.description.name) has the help of another")
        }
    }

    @Test("The catalogue is in the order of the metrics, and so is the output")
    func order() throws {
        for metric in Metric.allCases {
            #expect(Catalogue[metric].description.name == metric.entry.description.name)
        }
        let names = try Families.everything().all.map(\.description.name)
        #expect(names == Catalogue.entries.map(\.description.name))
    }

    @Test("A one-hot family carries every value of its last label, and exactly one of them is 1")
    func oneHot() throws {
        let values: [String: [String]] = [
            "mysql_replication_node_role": NodeRole.allCases.map(\.rawValue),
            "mysql_replication_cluster_member_state": ClusterMember.State.allCases.map(\.rawValue),
            "mysql_replication_cluster_clone_stage": CloneProgress.Stage.allCases.map(\.rawValue),
            "mysql_replication_io_thread_state": Channel.IOThreadState.allCases.map(\.rawValue),
            // "storage" only where it is the method.
            "mysql_replication_lag_method": Lag.Method.allCases.map(\.rawValue).filter { $0 != "storage" },
        ]
        var met = 0
        for family in try Families.everything().all where family.description.type == .stateSet {
            let expected = try #require(values[family.description.name])
            for (_, samples) in Dictionary(grouping: family.samples, by: \.labels) {
                #expect(samples.map { $0.extra.labels.first?.value } == expected)
                #expect(samples.map(\.value).sorted() == Array(repeating: 0, count: expected.count - 1) + [1])
            }
            met += 1
        }
        #expect(met == values.count)
        #expect(NodeRole.allCases.map(\.rawValue) == ["primary", "intermediate", "replica", "standalone", "member"])
        #expect(
            ClusterMember.State.allCases.map(\.rawValue)
                == ["online", "joining", "donor", "desynced", "failed", "outside"])
        #expect(
            CloneProgress.Stage.allCases.map(\.rawValue)
                == ["drop_data", "file_copy", "page_copy", "redo_copy", "file_sync", "restart", "recovery"])
        #expect(Channel.IOThreadState.allCases.map(\.rawValue) == ["stopped", "connecting", "preparing", "running"])
        #expect(
            Lag.Method.allCases.map(\.rawValue)
                == ["heartbeat", "applier_timestamps", "event_times", "seconds_behind_source", "observed", "storage"])
    }
}
