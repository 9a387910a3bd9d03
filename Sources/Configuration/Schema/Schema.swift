internal import Documents
internal import Replication

/// Every key of the configuration file, defined once for both the reader and the documentation.
enum Schema {
    static let defaults = Key.nested(
        "defaults", "dictionary", "Default settings for every node, unless a replication set or a node overrides them.")
    static let replicationSets = Key.nested(
        "replication_sets", "list", required: true,
        "The replication sets: groups of servers that replicate from one another.")
    static let metrics = Key.nested("metrics", "dictionary", "Optional additional series.")
    static let root = SchemaSection(
        "", "the file", "The keys at the top level.", [defaults.row, replicationSets.row, metrics.row])

    // Keys of `defaults` that may also be set on a replication set or a node; the nearest wins.

    static let user = Key.text(
        "user",
        "The account to connect with. The environment variable MYSQL_REPLICATION_EXPORTER_USER overrides the one in defaults."
    )
    static let password = Key.text(
        "password", "The password, or ${NAME} for the value of that environment variable.")
    static let passwordFile = Key.nested(
        "password_file", "path, or list of paths",
        "A file that holds only the password; it is read again for every new connection. Of several files, the first that can be "
            + "opened counts: the copy that systemd makes for the service, and the original for commands.")
    static let optionFile = Key.text(
        "option_file", as: "path",
        "An option file such as ~/.my.cnf; user, password and ssl-* of its client groups are used.")
    static let passwordCommand = Key.nested(
        "password_command", "list, or dictionary",
        "A program that prints the password, such as a token of a cloud or a secret of Vault: its path and arguments, without a shell."
    )
    static let cleartextPlugin = Key.truth(
        "cleartext_plugin", default: false,
        "Whether the server may ask for the password itself (mysql_clear_password), as PAM, LDAP and RDS with IAM do; needs tls with mode: verify_identity."
    )
    static let tls = Key.nested(
        "tls", "dictionary", "Encryption of the connection. Levels are merged key by key; the nearest wins.")
    static let timeout = Key.duration("timeout", default: .seconds(5), "The maximum time a scrape waits for a node.")
    static let commonKeys = [
        user.row, password.row, passwordFile.row, passwordCommand.row, optionFile.row, cleartextPlugin.row, tls.row,
        timeout.row,
    ]
    static let common = SchemaSection(
        "defaults", "defaults", "Each of these keys may also be set on a replication set or a node; the nearest wins.",
        commonKeys)

    static let commandRun = Key.nested(
        "run", "list of texts", required: true,
        "The program's path and its arguments. In the arguments {node}, {host}, {port} and {user} stand for those of the log-in."
    )
    static let commandExpiry = Key.duration(
        "expires", default: PasswordCommand.defaultExpiry,
        "How long its answer is used for new connections; it runs again before if a server denies that answer.")
    static let commandTimeout = Key.duration(
        "timeout", default: PasswordCommand.defaultTimeout, "The maximum time it may take; it is killed then.")
    static let command = SchemaSection(
        "defaults.password_command", "password_command",
        "A program that prints the password; also on a replication set or a node. A list is short for run.",
        [commandRun.row, commandExpiry.row, commandTimeout.row])

    static let tlsMode = Key<TLSMode>.choice(
        "mode", default: .preferred, "Whether encryption is required, and whether the server's identity is verified.",
        refusal: TLSMode.refusal)
    static let tlsCA = Key.text(
        "ca", as: "path", "The certificate authorities (PEM) trusted in mode verify_identity; by default the system's.")
    static let tlsCert = Key.text("cert", as: "path", "The client's certificate (PEM); needs key.")
    static let tlsKey = Key.text("key", as: "path", "The private key of cert (PEM).")
    static let tlsSection = SchemaSection(
        "defaults.tls", "tls", "Encryption of the connection; also on a replication set or a node.",
        [tlsMode.row, tlsCA.row, tlsCert.row, tlsKey.row])

    static let setName = Key.name("name", required: true, "The value of the label replication_set; unique.")
    static let nodes = Key.nested("nodes", "list", required: true, "The servers of the set, at least one.")
    static let thresholds = Key.nested(
        "thresholds", "dictionary", "The limits of the check 'lag': a replica beyond them fails it.")
    static let heartbeat = Key.nested(
        "heartbeat", "dictionary", "Measures lag by a row that is written on the source.")
    static let sentinel = Key.nested(
        "sentinel", "dictionary", "Sends a row through replication at intervals and measures when it arrives.")
    static let failover = Key.nested(
        "failover", "dictionary",
        "The rule behind the answer of /failover/, which says which of two nodes should serve.")
    static let checksums = Key.nested(
        "checksums", "dictionary", "Reads the results of pt-table-checksum, or of the checksum command.")
    static let errantAllowed = Key.nested(
        "errant_allowed", "list of server UUIDs (MySQL) or server IDs (MariaDB)",
        "Servers that are written to on purpose although they replicate: their own transactions are not errant, on any node."
    )
    static let set = SchemaSection(
        "replication_sets[]", "a replication set", "A group of servers that replicate from one another.",
        [
            setName.row, nodes.row, thresholds.row, heartbeat.row, sentinel.row, failover.row, checksums.row,
            errantAllowed.row,
        ] + commonKeys)

    static let nodeName = Key.name("name", required: true, "The value of the label node; unique in the whole file.")
    static let address = Key.address("address", "host:port, host, [IPv6]:port or unix:/path; the default port is 3306.")
    static let source = Key.nested(
        "source", "node, or dictionary of nodes by channel",
        "The node it is intended to replicate from, or outside for a source that is not in the set; a channel without an "
            + "entry uses that of \"\".")
    static let parkedChannels = Key.nested(
        "parked_channels", "list of channels",
        "Channels that may be stopped on purpose: while both threads of one are stopped without an error, or its host is empty or "
            + "begins with //, that is no trouble; \"\" is the default channel.")
    static let aliases = Key.nested(
        "aliases", "list of addresses", "Other addresses (host:port) by which replicas know this node.")
    static let node = SchemaSection(
        "replication_sets[].nodes[]", "a node", "One server.",
        [nodeName.row, address.row, source.row, parkedChannels.row, aliases.row] + commonKeys)
}
