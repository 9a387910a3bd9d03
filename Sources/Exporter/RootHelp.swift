import ArgumentParser

/// `--help` of the program as a whole: the commands, and the options of the default one, which the argument parser would
/// omit.
enum RootHelp {
    static func isAsked(_ arguments: ArraySlice<String>) -> Bool {
        arguments.count == 1 && ["--help", "-h", "help"].contains(arguments.first ?? "")
    }

    /// - Parameter columns: the terminal's width; nil to look it up.
    static func text(columns: Int? = nil) -> String {
        let root = Exporter.helpMessage(columns: columns)
        let serve = Serve.helpMessage(columns: columns)
        guard let own = root.firstRange(of: "\nOPTIONS:"), let options = serve.firstRange(of: "\nOPTIONS:"),
            let help = serve.firstRange(of: "\n  -h, --help")
        else { return root }
        return root[..<own.lowerBound] + "\nOPTIONS of serve, the default subcommand:"
            + serve[options.upperBound..<help.lowerBound] + "\n" + root[own.lowerBound...]
    }
}
