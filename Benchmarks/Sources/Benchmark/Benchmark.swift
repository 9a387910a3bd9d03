import ArgumentParser
import Foundation
import Sandbox

@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measures the cost of scrapes, to the exporter and to the servers.",
        subcommands: [CompareCommand.self, StatementsCommand.self], defaultSubcommand: CompareCommand.self)
}

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures the exporter against mysqld_exporter and a floor in C, with the same servers.",
        discussion: "Run by Benchmarks/run.sh, which builds the programs and gives them a network of their own.")

    @Option(help: "Fleet sizes, separated by commas.")
    var sizes = "1,10,100,1000"

    @Option(help: "Sizes of distant fleets; none to skip.")
    var far = "1,100"

    @Option(help: "Sizes of fleets connected over TLS; none to skip.")
    var tls = "100,1000"

    @Option(help: "How many times each contender is measured; the medians are shown.")
    var turns = 5

    @Option(help: "Also write the report into this Markdown file, between its two lines <!-- measured -->.")
    var markdown: String?

    @Option(help: "Also draw the comparison to this file, as SVG.")
    var picture: String?

    @Option(help: "The exporter (a release build).")
    var exporter: String
    @Option(help: "mysqld_exporter.")
    var peer: String
    @Option(help: "The folder of floor, delay and allocations.so.")
    var programs: String

    func run() async throws {
        let sizes = try numbers(sizes), far = try numbers(far), tls = try numbers(tls)
        let certificate = try ServerCertificate()
        defer { certificate.remove() }
        let software = try await ServerSoftware.find()
        var results = Results(
            machine: machine(), server: "MariaDB \(software.version)",
            peer: try version(of: peer))
        try await withSandbox(.primary(replicas: 1), software: software, settings: serverSettings(certificate)) {
            sandbox in
            let (source, replica) = (sandbox.servers[0].port, sandbox.servers[1].port)
            let account = sandbox.accounts.monitor
            var servers: [ProcessUsage] = []
            for server in sandbox.servers {
                if let pid = await server.pid { servers.append(ProcessUsage(pid: pid)) }
            }
            let place = Workplace(
                tools: Tools(
                    exporter: exporter, peer: peer, floor: "\(programs)/floor", delay: "\(programs)/delay",
                    allocations: "\(programs)/allocations.so"),
                folder: sandbox.folder, group: sandbox.processGroup, serverVersion: software.version,
                servers: servers)
            func fleet(_ size: Int) -> LoopbackFleet {
                LoopbackFleet(size: size, source: source, replica: replica, account: account)
            }
            for size in sizes {
                say("\(Text.count(size, "node")), side by side")
                results.sizes.append(try await Comparison(place: place, turns: turns).run(fleet(size)))
            }
            say("from the start to the first response")
            results.start = try await Start(place: place, turns: turns).run(fleet(3))
            for size in far {
                say("\(Text.count(size, "node")), far away")
                results.distances.append(
                    try await Distance(place: place, turns: turns).run(
                        size: size, source: source, replica: replica, account: account))
            }
            for size in tls {
                say("\(Text.count(size, "node")) over TLS")
                let encryption = Encryption(place: place, turns: turns) {
                    for server in sandbox.servers { try await server.sql("KILL USER \(account.user)") }
                }
                results.encryptions.append(try await encryption.run(fleet(size)))
            }
            if let size = sizes.filter({ $0 <= 1000 }).max() {
                say("silent nodes")
                results.silence = try await Silence(place: place, turns: turns).run(fleet(size))
                say("rendering")
                results.rendering = try await Rendering(fleet: fleet(size)).run()
                results.allocations = try await .measure(fleet(size), place)
            }
        }
        print("\n\(results.report)")
        if let markdown { try results.write(into: markdown) }
        if let picture { try results.picture.write(toFile: picture, atomically: true, encoding: .utf8) }
    }

    private func numbers(_ text: String) throws -> [Int] {
        let words = text == "none" ? [] : text.split(separator: ",")
        let numbers = words.compactMap { Int($0) }.filter { $0 > 0 && $0 <= 50_000 }
        guard numbers.count == words.count else {
            throw ValidationError("\(text) is not a list of numbers of nodes, such as 1,10,100.")
        }
        return numbers.sorted()
    }

    /// Allows all contenders' connections at once, at any address of this network namespace.
    private func serverSettings(_ certificate: ServerCertificate) -> ServerSettings {
        var settings = ServerSettings()
        settings.arguments =
            certificate.arguments + [
                "--bind-address=0.0.0.0", "--max-connections=18000", "--back-log=16384", "--open-files-limit=100000",
                "--table-open-cache=400",
            ]
        return settings
    }

    private func say(_ what: String) {
        FileHandle.standardError.write(Data("==> measuring: \(what)\n".utf8))
    }
}

private func machine() -> String {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = info.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return "\(Text.count(ProcessInfo.processInfo.activeProcessorCount, "core"))"
        + (model.map { " of \($0.trimmingCharacters(in: .whitespaces))" } ?? "")
}

/// A program's version, as it prints it.
private func version(of program: String) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["--version"]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // mysqld_exporter, version 0.17.2 (branch: …
    return text.split(separator: "(").first?.trimmingCharacters(in: .whitespaces) ?? program
}

extension Results {
    /// Replaces the text between the marks in a Markdown file.
    fileprivate func write(into path: String) throws {
        let mark = "<!-- measured -->"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let parts = text.components(separatedBy: mark)
        guard parts.count == 3 else { throw BenchmarkError.failed("\(path) does not have two lines \(mark)") }
        try "\(parts[0])\(mark)\n\n\(report)\n\(mark)\(parts[2])".write(toFile: path, atomically: true, encoding: .utf8)
    }
}
