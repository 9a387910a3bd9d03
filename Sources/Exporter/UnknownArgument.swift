import ArgumentParser
import Documents

/// The first argument that names a command or an option that does not exist.
///
/// The argument parser reports what is missing first: for `--config.fil x` it would ask for the servers to monitor.
enum UnknownArgument {
    /// What to say about it; nil if there is none.
    static func error(in arguments: [String]) -> ValidationError? {
        let commands = Exporter.configuration.subcommands
        let names = commands.compactMap { $0.configuration.commandName } + ["serve", "help"]
        guard let first = arguments.first, !first.hasPrefix("-") else {
            return unknownOption(in: arguments[...], of: Serve.self)
        }
        guard names.contains(first) else {
            return ValidationError("Unknown command '\(first)'.\(hint(first, names)) The commands are: \(list(names)).")
        }
        return unknownOption(in: arguments.dropFirst(), of: commands.first { name(of: $0) == first } ?? Serve.self)
    }

    private static func unknownOption(
        in arguments: ArraySlice<String>, of command: any ParsableCommand.Type
    ) -> ValidationError? {
        let known = options(of: command)
        for argument in arguments {
            if argument == "--" { return nil }
            guard argument.hasPrefix("-"), argument.contains(where: \.isLetter) else { continue }
            let name = String(argument.prefix { $0 != "=" })
            if !known.contains(name) {
                return ValidationError("Unknown option '\(name)'.\(hint(name, known.sorted()))")
            }
        }
        return nil
    }

    private static func hint(_ text: String, _ known: [String]) -> String {
        suggestion(for: text, among: known).map { " Did you mean '\($0)'?" } ?? ""
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "serve"
    }

    private static func list(_ names: [String]) -> String {
        var seen: Set<String> = []
        return (["serve"] + names).filter { seen.insert($0).inserted }.joined(separator: ", ")
    }

    /// The options in a command's help: the parser has no list of them. On a page this wide, each is at the beginning of a line.
    private static func options(of command: any ParsableCommand.Type) -> Set<String> {
        let help = command.helpMessage(columns: 1000)
        var options: Set<String> = ["-h", "--help", "--version", "--help-hidden"]
        for line in help.split(separator: "\n") where line.hasPrefix("  -") {
            for word in line.split(separator: " ") {
                let name = word.hasSuffix(",") ? word.dropLast() : word
                guard name.hasPrefix("-") else { break }
                options.insert(String(name))
            }
        }
        return options
    }
}
