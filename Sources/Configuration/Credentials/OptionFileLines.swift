internal import Documents
import Glibc

/// Splits option files into options the way MariaDB's `my_load_defaults` does, `!include` and `!includedir` included.
///
/// The odd rules are MariaDB's: a `#` outside of quotes starts a comment even inside a word, quotes are removed only if
/// they are the first and the last character, and escapes work with and without quotes.
struct OptionFileLines {
    static let groups: Set<String> = ["client", "client-server", "client-mariadb"]
    /// Same as MariaDB's limit.
    static let maximumDepth = 10
    /// Directories that include one another would multiply beyond measure before the depth limit stops them.
    static let maximumFiles = 200
    static let sizeLimit = 1024 * 1024

    let home: String?
    let origin: Origin
    private(set) var options: [OptionFile.Option] = []
    private var fileCount = 0

    init(home: String?, origin: Origin) {
        self.home = home
        self.origin = origin
    }

    mutating func read(_ path: String) throws(ConfigurationError) {
        do {
            try read(path, depth: 0)
        } catch {
            throw error.configurationError(path: path, origin: origin)
        }
    }

    private enum Failure: Error {
        case unreadable(TextFile.Failure)
        case wrong(ConfigurationError)

        func configurationError(path: String, origin: Origin) -> ConfigurationError {
            switch self {
            case .unreadable(let failure): origin.error("option_file \(shown(path: path)): \(failure.reason)")
            case .wrong(let error): error
            }
        }
    }

    private func wrong(_ file: String, _ line: Int, _ message: String) -> Failure {
        .wrong(ConfigurationError(Problem(file: file, line: line, message: message)))
    }

    private mutating func read(_ path: String, depth: Int) throws(Failure) {
        fileCount += 1
        guard fileCount <= Self.maximumFiles else {
            throw wrong(path, 0, "more than \(Self.maximumFiles) option files are included")
        }
        let text = try load(path)
        var isOurs: Bool?
        var number = 0
        for rawLine in text.split(omittingEmptySubsequences: false, whereSeparator: isLineEnd) {
            number += 1
            let line = rawLine.trimmed
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "!" {
                try include(line.dropFirst().trimmed, of: path, line: number, depth: depth)
            } else if first == "[" {
                guard let end = line.firstIndex(of: "]") else {
                    throw wrong(path, number, "the group's name lacks its closing ']'")
                }
                let group = String(line[..<end].dropFirst()).lowercased()
                isOurs = Self.groups.contains(String(Substring(group).trimmedAtEnd))
            } else {
                guard let isOurs else { throw wrong(path, number, "there is an option before the first [group]") }
                if isOurs { options.append(Self.option(line, file: path, line: number)) }
            }
        }
    }

    private func load(_ path: String) throws(Failure) -> String {
        let file: TextFile
        do {
            file = try TextFile(path: path, limit: Self.sizeLimit)
        } catch {
            throw .unreadable(error)
        }
        // MariaDB skips such a file with a warning. Here it may be the only source of a password, so refuse it.
        guard !(file.isRegular && file.isWorldWritable) else {
            throw .unreadable(.init("it is world-writable, so its contents cannot be trusted; chmod o-w"))
        }
        do {
            return try decodeText(file.bytes)
        } catch {
            throw wrong(path, error.position.line, error.reason)
        }
    }

    private mutating func include(
        _ directive: Substring, of file: String, line: Int, depth: Int
    ) throws(Failure) {
        let word = directive.prefix { !$0.isWhitespace }
        let argument = directive.dropFirst(word.count).trimmed
        guard word == "include" || word == "includedir" else { return }
        guard !argument.isEmpty else { throw wrong(file, line, "!\(word) needs a path") }
        guard depth < Self.maximumDepth else {
            throw wrong(file, line, "option files are nested more than \(Self.maximumDepth) levels deep")
        }
        var path = String(argument)
        if path.hasPrefix("~/"), let home { path = home + path.dropFirst() }
        if word == "include" {
            do {
                try read(path, depth: depth + 1)
            } catch .unreadable(let failure) where failure.code == ENOENT {
                return  // MariaDB ignores missing includes, too.
            } catch .unreadable(let failure) {
                throw wrong(file, line, "!include \(shown(path: path)): \(failure.reason)")
            }
            return
        }
        for name in try entries(of: path, file: file, line: line) where name.hasSuffix(".cnf") {
            do {
                try read(path + "/" + name, depth: depth + 1)
            } catch .unreadable(let failure) {
                throw wrong(file, line, "!includedir \(shown(path: path + "/" + name)): \(failure.reason)")
            }
        }
    }

    private func entries(of path: String, file: String, line: Int) throws(Failure) -> [String] {
        guard let directory = opendir(path) else {
            throw wrong(file, line, "!includedir \(shown(path: path)): \(TextFile.Failure(errno: errno).reason)")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted()
    }
}

/// LF or CRLF. Unicode's other newlines may be part of a password.
func isLineEnd(_ character: Character) -> Bool {
    character == "\n" || character == "\r\n"
}

extension Substring {
    var trimmed: Substring { drop(while: \.isWhitespace).trimmedAtEnd }

    var trimmedAtEnd: Substring {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
