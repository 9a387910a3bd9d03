internal import Documents
internal import Replication

/// The settings of one level (defaults, set or node) that each level may have.
struct CommonSettings {
    var level: Credentials.Level
    var tls: TLSOptions
    var tlsAt: Position
    var timeout: Duration?
    var admitsClearText: Bool?
}

extension Reader {
    func settings(_ fields: Fields) -> CommonSettings {
        var tls = TLSOptions()
        var tlsAt = fields.at
        if let section = fields.dictionary(Schema.tls, Schema.tlsSection) {
            tlsAt = section.at
            tls = TLSOptions(
                mode: section.given(Schema.tlsMode), ca: path(section, Schema.tlsCA),
                cert: path(section, Schema.tlsCert), key: path(section, Schema.tlsKey))
            if section.has(Schema.tlsCert) != section.has(Schema.tlsKey) {
                report.problem(tlsAt, "'tls' needs 'cert' and 'key' together, on the same level")
            }
        }
        return CommonSettings(
            level: level(fields), tls: tls, tlsAt: tlsAt, timeout: fields.given(Schema.timeout),
            admitsClearText: fields.given(Schema.cleartextPlugin))
    }

    /// The levels merged, nearest first.
    func merged(_ levels: [CommonSettings]) -> TLSOptions {
        let tls = levels.map(\.tls).reduce(TLSOptions()) { $0.over($1) }
        if tls.ca != nil, let position = levels.first(where: { $0.tls.ca != nil })?.tlsAt,
            tls.mode == .preferred || tls.mode == .required
        {
            report.warning(
                position, "'ca' verifies nothing in mode \(tls.mode.rawValue); set mode: verify_identity")
        }
        return tls
    }

    private func level(_ fields: Fields) -> Credentials.Level {
        var sources: [(source: Credentials.PasswordSource, name: String, at: Position)] = []
        if let text = fields.given(Schema.password) {
            sources.append((password(text, fields), "password", fields.position(of: Schema.password)))
        }
        if let paths = passwordFiles(fields) {
            sources.append((.files(paths: paths), "password_file", fields.position(of: Schema.passwordFile)))
        }
        if let command = command(fields) {
            sources.append((.command(command), "password_command", fields.position(of: Schema.passwordCommand)))
        }
        if let path = path(fields, Schema.optionFile) {
            sources.append((.optionFile(path: path), "option_file", fields.position(of: Schema.optionFile)))
        }
        sources.sort { $0.at < $1.at }
        for extra in sources.dropFirst() {
            report.problem(
                extra.at, "'\(extra.name)' and '\(sources[0].name)' on the same level; keep one of them")
        }
        // An invalid user has been reported already; do not report it as missing, too.
        let isThere = fields.has(Schema.user) || (fields.has(Schema.optionFile) && sources.isEmpty)
        return Credentials.Level(
            user: user(fields) ?? (isThere ? "" : nil), password: sources.first?.source,
            origin: .init(file: report.file, at: sources.first?.at ?? fields.at))
    }

    /// `[program, argument …]`, or a dictionary with `run` and its limits; nil if there is none, or after reporting what is wrong.
    private func command(_ fields: Fields) -> PasswordCommand? {
        guard let value = fields.given(Schema.passwordCommand) else { return nil }
        if case .list = value.content {
            return arguments(value, of: Schema.passwordCommand).map { PasswordCommand(arguments: $0) }
        }
        guard let section = fields.dictionary(Schema.passwordCommand, Schema.command),
            let run = section.given(Schema.commandRun), let arguments = arguments(run, of: Schema.commandRun),
            let expiry = section.soundValue(Schema.commandExpiry),
            let timeout = section.soundValue(Schema.commandTimeout)
        else { return nil }
        return PasswordCommand(arguments: arguments, expiry: expiry, timeout: timeout)
    }

    private func arguments(_ value: YAMLValue, of key: Key<YAMLValue>) -> [String]? {
        guard case .list(let items) = value.content, !items.isEmpty else {
            report.problem(value.at, "'\(key.name)' must be a list: the program's path and its arguments")
            return nil
        }
        let texts = items.compactMap { item -> String? in
            guard case .text(let text, _) = item.content, !text.utf8.contains(0) else {
                report.problem(item.at, "'\(key.name)' must list texts; quote an argument that is empty or has braces")
                return nil
            }
            return text
        }
        guard texts.count == items.count, let program = texts.first else { return nil }
        guard program.contains("/") || program == "~" else {
            report.problem(
                items[0].at,
                "'\(key.name)' must begin with the program's path, as in /usr/bin/\(program): PATH is not searched")
            return nil
        }
        guard let program = path(program, at: items[0].at, of: key.name) else { return nil }
        return [program] + texts.dropFirst()
    }

    private func user(_ fields: Fields) -> String? {
        guard let user = fields.given(Schema.user) else { return nil }
        guard variable(in: user) == nil else {
            report.problem(
                fields.position(of: Schema.user),
                "'user' is taken literally; to take it from the environment, set \(EnvironmentName.user)")
            return nil
        }
        return user
    }

    private func password(_ text: String, _ fields: Fields) -> Credentials.PasswordSource {
        guard let name = variable(in: text) else { return .literal(Secret(text)) }
        if EnvironmentName.value(name, in: environment) == nil {
            report.problem(
                fields.position(of: Schema.password),
                "'password' needs the environment variable \(name), which is not set")
        }
        return .environment(name)
    }

    /// NAME of a text that is `${NAME}` and nothing else: a password may well contain a `$`.
    private func variable(in text: String) -> String? {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return nil }
        let name = text.dropFirst(2).dropLast()
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isName && !name.isEmpty && name.first?.isNumber == false ? String(name) : nil
    }

    /// A path that the process can open: `~/` is HOME, and a relative one is relative to the configuration file's directory.
    private func path(_ fields: Fields, _ key: Key<String>) -> String? {
        fields.given(key).flatMap { path($0, at: fields.position(of: key), of: key.name) }
    }

    /// One path, or a list of them; nil if there is none, or after reporting what is wrong with one.
    private func passwordFiles(_ fields: Fields) -> [String]? {
        guard let value = fields.given(Schema.passwordFile) else { return nil }
        var items = [value]
        if case .list(let list) = value.content { items = list }
        if items.isEmpty { report.problem(value.at, "'password_file' lists no file") }
        let paths = items.compactMap { item -> String? in
            do throws(Malformed) {
                let text = try requireText(item)
                guard !text.unicodeScalars.contains("\0") else { throw Malformed("must not contain a NUL character") }
                return path(text, at: item.at, of: Schema.passwordFile.name)
            } catch {
                report.problem(item.at, "'password_file' \(error.message)")
                return nil
            }
        }
        return paths.count == items.count && !paths.isEmpty ? paths : nil
    }

    private func path(_ text: String, at position: Position, of key: String) -> String? {
        if text == "~" || text.hasPrefix("~/") {
            guard let home = EnvironmentName.value("HOME", in: environment) else {
                report.problem(position, "'\(key)' begins with ~, but HOME is not set")
                return nil
            }
            return home + text.dropFirst()
        }
        guard !text.hasPrefix("/"), let slash = report.file.lastIndex(of: "/") else { return text }
        return String(report.file[...slash]) + text
    }
}
