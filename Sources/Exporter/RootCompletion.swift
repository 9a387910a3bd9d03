import ArgumentParser

/// The completion scripts. The argument parser completes the options of `serve` only after that word, which nobody writes:
/// here they are completed without it as well.
enum RootCompletion {
    private static let option = "--generate-completion-script"
    private static let program = "mysql-replication-exporter"

    /// The shell for which a script is requested; nil if none is, and for what the argument parser has to answer.
    static func shell(askedFor arguments: ArraySlice<String>) -> CompletionShell? {
        let words = Array(arguments)
        if words.count == 2, words[0] == option { return CompletionShell(rawValue: words[1]) }
        guard words.count == 1, words[0].hasPrefix(option + "=") else { return nil }
        return CompletionShell(rawValue: String(words[0].dropFirst(option.count + 1)))
    }

    static func script(for shell: CompletionShell) -> String {
        let script = Exporter.completionScript(for: shell)
        return switch shell {
        case .bash: bash(script)
        case .zsh: zsh(script)
        case .fish: fish(script)
        default: script
        }
    }

    /// A first word that begins with a dash is an option of `serve`.
    private static func bash(_ script: String) -> String {
        let root = "    local -a non_repeating_options=()\n"
        return script.replacing(
            root,
            with: root + """
                    if [[ "${unparsed_words[0]}" = -* ]]; then
                        _\(program)_serve
                        return
                    fi

                """, maxReplacements: 1)
    }

    /// The arguments of `serve` are also those of the program itself.
    private static func zsh(_ script: String) -> String {
        guard let serve = script.firstRange(of: "\n_\(program)_serve() {\n"),
            let specs = script[serve.upperBound...].firstRange(of: "    local -ar arg_specs=(\n"),
            let end = script[specs.upperBound...].firstRange(of: "        '--version["),
            let values = script[serve.upperBound...].firstRange(of: "    local -i ret=1\n"),
            let root = script.firstRange(of: "    local -ar arg_specs=(\n"), root.upperBound < serve.lowerBound
        else { return script }
        let parts: [Substring] = [
            script[..<root.lowerBound], script[values.upperBound..<specs.lowerBound], script[root],
            script[specs.upperBound..<end.lowerBound], script[root.upperBound...],
        ]
        return parts.joined()
    }

    private static func fish(_ script: String) -> String {
        let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
        let parse = "__\(program)_parse_subcommand "
        guard let serve = lines.firstIndex(where: { $0.contains("case 'serve'") }), serve + 1 < lines.count,
            let options = lines[serve + 1].firstRange(of: parse)
        else { return script }
        var isRoot = true
        return lines.flatMap { line -> [String] in
            if isRoot, let old = line.firstRange(of: parse) {
                isRoot = false
                return ["\(line[..<old.lowerBound])\(lines[serve + 1][options.lowerBound...])"]
            }
            let own = String(line).replacing("\"\(program) serve\"", with: "\"\(program)\"", maxReplacements: 1)
            return line == own ? [own] : [String(line), own]
        }.joined(separator: "\n")
    }
}
