/// What the probes of a replication set found out, for those who show it.
package struct ProbeFindings: Sendable, Equatable {
    package init() {}
}
