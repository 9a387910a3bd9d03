import Foundation

/// A page of docs/ whose fenced blocks are executed: files that it shows, and commands with their output.
struct Guide {
    enum Block {
        /// A YAML block whose first line is a comment with the file's name.
        case file(name: String, text: String)
        /// Commands after `$`, each followed by its output.
        case console([(command: String, output: String)])
        /// Everything else, and all text between the blocks.
        case other([String])
    }

    private let url: URL
    private(set) var blocks: [Block] = []

    init(_ name: String) throws {
        url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/\(name)").standardized
        var rest = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")[...]
        while let line = rest.popFirst() {
            let language = line.hasPrefix("```") ? String(line.dropFirst(3)) : ""
            guard ["yaml", "console"].contains(language), let end = rest.firstIndex(of: "```") else {
                blocks.append(.other([line]))
                continue
            }
            let body = Array(rest[..<end])
            rest = rest[(end + 1)...]
            switch body.first {
            case let first? where language == "yaml" && first.hasPrefix("# "):
                blocks.append(.file(name: String(first.dropFirst(2)), text: body.joined(separator: "\n") + "\n"))
            case _ where language == "console": blocks.append(.console(Self.commands(body)))
            default: blocks.append(.other([line] + body + ["```"]))
            }
        }
    }

    func write(_ blocks: [Block]) throws {
        let lines = blocks.flatMap { block -> [String] in
            switch block {
            case .file(_, let text):
                ["```yaml"]
                    + text.split(separator: "\n", omittingEmptySubsequences: false)
                    .dropLast().map(String.init) + ["```"]
            case .console(let commands):
                ["```console"]
                    + commands.flatMap { command, output in
                        ["$ \(command)"]
                            + output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
                                String.init)
                    } + ["```"]
            case .other(let lines): lines
            }
        }
        try lines.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    }

    private static func commands(_ lines: [String]) -> [(command: String, output: String)] {
        var commands: [(command: String, output: String)] = []
        for line in lines {
            if line.hasPrefix("$ ") {
                commands.append((String(line.dropFirst(2)), ""))
            } else if !commands.isEmpty {
                commands[commands.count - 1].output += line + "\n"
            }
        }
        return commands
    }
}
