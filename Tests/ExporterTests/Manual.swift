import Foundation

/// The manual page, generated from the definitions of the arguments (mdoc(7)).
struct Manual {
    private let root: Command

    /// - Parameter dump: the output of `--experimental-dump-help`.
    init(dump: String) throws {
        struct Dump: Decodable { let command: Command }
        root = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command
    }

    private struct Command: Decodable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let arguments: [Argument]?
        let subcommands: [Command]?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }
        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let defaultValue: String?
        let allValues: [String]?
        let isRepeating: Bool
        let isOptional: Bool
        let shouldDisplay: Bool
    }

    var page: String {
        let commands = (root.subcommands ?? []).filter { $0.commandName != "help" }
        return """
            .\\" Written by `make man` from the definitions of the arguments; do not edit.
            .Dd November 21, 2026
            .Dt MYSQL-REPLICATION-EXPORTER 1
            .Os
            .Sh NAME
            .Nm mysql-replication-exporter
            .Nd the state of MySQL and MariaDB replication for Prometheus
            .Sh SYNOPSIS
            .Nm
            .Fl -config.file Ar file
            .Op Ar options
            .Nm
            .Fl -node Ar name Ns = Ns Ar host : Ns Ar port ...
            .Op Ar options
            .Nm
            .Ar command
            .Op Ar options
            .Sh DESCRIPTION
            \(text(root.discussion?.components(separatedBy: "\n\n").first ?? ""))
            .Pp
            The default command is
            .Cm serve .
            .Sh COMMANDS

            """ + commands.map(section).joined()
                + """
                .Sh ENVIRONMENT
                .Bl -tag -width indent
                .It Ev MYSQL_REPLICATION_EXPORTER_USER , Ev MYSQL_REPLICATION_EXPORTER_PASSWORD
                The account to connect with. They override the configuration file's
                .Ic defaults ,
                and are overridden by a replication set or node.
                .It Ev MARIADB_PLUGIN_DIR
                Where the client library looks for its authentication plugins, if not in the folder it was installed with.
                .It Ev NO_COLOR
                If set and not empty, no colours in
                .Cm topology .
                .El
                .Sh SIGNALS
                .Bl -tag -width indent
                .It Dv SIGHUP
                Reload the configuration file; an invalid one is rejected, and the old configuration stays in effect.
                .It Dv SIGTERM , SIGINT
                Shut down cleanly.
                .El
                .Sh FILES
                Of the package:
                .Bl -tag -width indent
                .It Pa /etc/mysql-replication-exporter/config.yml
                The configuration of the service.
                .It Pa /etc/mysql-replication-exporter/mysql-password
                The account's password; only root can read it.
                .It Pa /run/credentials/mysql-replication-exporter.service/mysql-password
                systemd's copy of it, for the service, and only while that runs.
                .It Pa /etc/default/mysql-replication-exporter
                Further arguments of the service.
                .It Pa /var/lib/mysql-replication-exporter
                What is kept across restarts.
                .El
                .Sh EXIT STATUS
                0 for success, 64 for invalid arguments, 2 for an invalid configuration or a password or certificate file that cannot be read, 1 for any other error, such as a port that is taken.
                systemd does not start the service again after 2 and 64, nor if it could not pass the password file to it (243).
                .Bl -tag -width indent
                .It Cm check
                0 for ok, 1 for warning, 2 for critical; 3 for unknown, which is every error as well.
                .It Cm checksum
                0 if everything is equal, 1 if everything compared is equal, but some tables were not compared, 2 if there are differences, 3 if the result is unknown.
                .It Cm failover-check
                0 if there is an answer, whichever it is.
                .It Cm init
                0 if the server has answered, 1 if it does not or refuses the account, 2 if there is no account to ask with or its password file cannot be read.
                .It Cm topology
                0 if at least one node is up, otherwise 1.
                .El
                .Sh EXAMPLES
                Query two servers once, without a configuration file:
                .Bd -literal -offset indent
                export MYSQL_REPLICATION_EXPORTER_USER=exporter
                read -rs MYSQL_REPLICATION_EXPORTER_PASSWORD
                export MYSQL_REPLICATION_EXPORTER_PASSWORD
                mysql-replication-exporter topology --node db1=10.0.0.1:3306 --node db2=10.0.0.2:3306
                .Ed
                .Pp
                Check a configuration, then serve metrics on port 19104 with it:
                .Bd -literal -offset indent
                mysql-replication-exporter --config.file exporter.yml --config.check
                mysql-replication-exporter --config.file exporter.yml
                .Ed
                .Sh SEE ALSO
                .Xr mariadb 1 ,
                .Xr mysql 1 ,
                .Xr prometheus 1

                """
    }

    private func section(_ command: Command) -> String {
        var lines = [".Ss \(command.commandName)", text(command.abstract ?? "")]
        for paragraph in (command.discussion ?? "").components(separatedBy: "\n\n") where !paragraph.isEmpty {
            lines += [".Pp"] + paragraphLines(paragraph)
        }
        let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && !isCommon($0) }
        if !arguments.isEmpty {
            lines.append(".Bl -tag -width indent")
            for argument in arguments { lines += [item(argument), description(argument)] }
            lines.append(".El")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Indented lines are an example.
    private func paragraphLines(_ paragraph: String) -> [String] {
        let lines = paragraph.components(separatedBy: "\n")
        let example = lines.filter { $0.hasPrefix("  ") }
        let prose = lines.filter { !$0.hasPrefix("  ") }.joined(separator: " ")
        if example.isEmpty { return [text(prose)] }
        return [text(prose), ".Bd -literal -offset indent"] + example.map { text(String($0.dropFirst(2))) } + [".Ed"]
    }

    private func isCommon(_ argument: Argument) -> Bool {
        ["help", "version"].contains(argument.names?.first { $0.kind == "long" }?.name ?? "")
    }

    private func item(_ argument: Argument) -> String {
        let value = text(argument.valueName ?? "")
        if argument.kind == "positional" { return ".It Ar \(value)" + (argument.isRepeating ? " ..." : "") }
        let name = argument.names?.first?.name ?? ""
        return ".It Fl -\(name)" + (argument.kind == "option" ? " Ar \(value)" : "")
    }

    private func description(_ argument: Argument) -> String {
        var sentences = [argument.abstract ?? ""]
        if let values = argument.allValues { sentences.append("One of: \(values.joined(separator: ", ")).") }
        if let value = argument.defaultValue { sentences.append("Default: \(value).") }
        if argument.isRepeating, argument.kind == "option", !sentences[0].contains("repeatable") {
            sentences.append("Repeatable.")
        }
        return text(sentences.joined(separator: " "))
    }

    /// Escaped so that no line is taken for a request, and no hyphen is typeset as another character.
    private func text(_ plain: String) -> String {
        let escaped = plain.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("…", with: "...")
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}
