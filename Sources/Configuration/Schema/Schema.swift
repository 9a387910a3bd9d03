internal import Documents
internal import Replication

/// Every key of the configuration file, once: the reader reads by these, and the documentation lists them.
enum Schema {
    static let defaults = Key.nested("defaults", "dictionary", "What holds for every node that does not say otherwise.")
    static let replicationSets = Key.nested(
        "replication_sets", "list", required: true, "The groups of servers that replicate from one another.")
    static let metrics = Key.nested("metrics", "dictionary", "What is exported beside the usual.")
    static let root = SchemaSection(
        "", "the file", "The file itself.", [defaults.row, replicationSets.row, metrics.row])

    // Keys of `defaults` that may also stand on a replication set or a node; the nearest wins.

    static let user = Key.text(
        "user",
        "The account to connect with. MYSQL_REPLICATION_EXPORTER_USER takes precedence over the one in defaults.")
    static let password = Key.text(
        "password", "The password, or ${NAME} for that environment variable's value.")
    static let passwordFile = Key.text(
        "password_file", as: "path", "A file with nothing but the password, read again at each connect.")
    static let optionFile = Key.text(
        "option_file", as: "path", "An option file such as ~/.my.cnf: user, password and ssl-* of its client groups.")
    static let tls = Key.nested("tls", "dictionary", "How to encrypt. The nearest wins key by key.")
    static let timeout = Key.duration("timeout", default: .seconds(5), "A node's share of a scrape, at most.")
    static let commonKeys = [
        user.row, password.row, passwordFile.row, optionFile.row, tls.row, timeout.row,
    ]
    static let common = SchemaSection(
        "defaults", "defaults", "Each key may also stand on a replication set or a node; the nearest wins.", commonKeys)

    static let tlsMode = Key<TLSMode>.choice(
        "mode", default: .preferred, "Whether to insist on encryption, and on who the server is.",
        refusal: TLSMode.refusal)
    static let tlsCA = Key.text(
        "ca", as: "path", "The authorities to trust (PEM) in mode verify_identity; the system's when absent.")
    static let tlsCert = Key.text("cert", as: "path", "The client's certificate (PEM); needs key.")
    static let tlsKey = Key.text("key", as: "path", "The private key of cert (PEM).")
    static let tlsSection = SchemaSection(
        "defaults.tls", "tls", "How to encrypt; also on a replication set or a node.",
        [tlsMode.row, tlsCA.row, tlsCert.row, tlsKey.row])

    static let setName = Key.name("name", required: true, "The label replication_set of its series; unique.")
    static let nodes = Key.nested("nodes", "list", required: true, "The servers of the set, at least one.")
    static let thresholds = Key.nested("thresholds", "dictionary", "Where the check 'lag' turns to broken.")
    static let heartbeat = Key.nested(
        "heartbeat", "dictionary", "Lag by a row that is written on the source.")
    static let sentinel = Key.nested(
        "sentinel", "dictionary", "Rows sent down the replication now and then, and timed.")
    static let failover = Key.nested("failover", "dictionary", "The answer of /failover/<set>.")
    static let checksums = Key.nested(
        "checksums", "dictionary", "The results of pt-table-checksum, and of the command checksum.")
    static let set = SchemaSection(
        "replication_sets[]", "a replication set", "Servers that replicate from one another.",
        [
            setName.row, nodes.row, thresholds.row, heartbeat.row, sentinel.row, failover.row, checksums.row,
        ] + commonKeys)

    static let nodeName = Key.name("name", required: true, "The label node of its series; unique in the whole file.")
    static let address = Key.address("address", "host:port, host, [IPv6]:port or unix:/path; port 3306 when absent.")
    static let source = Key.nested(
        "source", "node, or dictionary of nodes by channel",
        "The node it is intended to replicate from, or outside for a source that is none of the set's; a channel without "
            + "one follows that of \"\".")
    static let aliases = Key.nested(
        "aliases", "list of addresses", "Other host:port under which its replicas know this node.")
    static let node = SchemaSection(
        "replication_sets[].nodes[]", "a node", "One server.",
        [nodeName.row, address.row, source.row, aliases.row] + commonKeys)
}
