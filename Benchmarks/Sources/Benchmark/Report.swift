extension Results {
    /// The whole report, in Markdown.
    var report: String {
        var parts = ["\(machine); \(server); \(peer)."]
        if !targets.isEmpty {
            parts.append(
                TextTable(
                    heading: ["target", "measured", "met"],
                    rows: targets.map { [$0.promise, $0.measured, $0.isMet ? "yes" : "**no**"] }
                ).text)
        }
        if !sizes.isEmpty { parts += ["A warm scrape, side by side:", sideBySide.text] }
        if let start {
            let nodes = Text.count(start.nodes, "node")
            parts += ["From the start of the process to the first response, \(nodes):", start.table.text]
        }
        if !distances.isEmpty { parts += ["A warm scrape through a proxy that adds 50 ms each way:", farAway.text] }
        if let rendering { parts += rendering.paragraphs }
        if let allocations {
            parts.append(
                "A warm scrape of \(Text.count(allocations.nodes, "node")) makes "
                    + "\(Text.grouped(Int(allocations.calls))) allocations in total "
                    + "(\(Text.fixed(allocations.calls / Double(allocations.nodes), 0)) per node, "
                    + "\(Text.fixed(allocations.bytes / Double(allocations.nodes) / 1024, 1)) KiB).")
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var sideBySide: TextTable {
        TextTable(
            heading: ["nodes", "", "wall", "CPU", "CPU per node", "servers' CPU", "resident"],
            rows: sizes.flatMap { size in
                [
                    ("exporter", size.exporter), ("peer, \(size.peerConcurrency) at once", size.peer),
                    ("floor", size.floor),
                ]
                .enumerated().map { index, entry in
                    let (name, measured) = entry
                    return [
                        index == 0 ? Text.grouped(size.nodes) : "", name, "\(Text.milliseconds(measured.wall)) ms",
                        "\(Text.milliseconds(measured.cpu)) ms",
                        "\(Text.fixed(measured.cpu / Double(size.nodes) * 1e6, 0)) µs",
                        "\(Text.milliseconds(measured.serverCPU)) ms",
                        "\(Text.fixed(Text.mebibytes(measured.resident), 1)) MiB",
                    ]
                }
            })
    }

    private var farAway: TextTable {
        TextTable(
            heading: ["nodes", "exporter", "exporter, nearby nodes", "peer"],
            rows: distances.map {
                [
                    Text.grouped($0.nodes), "\(Text.milliseconds($0.exporter)) ms",
                    "\(Text.milliseconds($0.exporterNearBy)) ms", "\(Text.milliseconds($0.peer)) ms",
                ]
            })
    }
}

extension StartResult {
    fileprivate var table: TextTable {
        TextTable(
            heading: ["", "wall", "CPU", "resident"],
            rows: [("exporter", exporter), ("peer", peer)].map { name, taken in
                [
                    name, "\(Text.milliseconds(taken.wall)) ms", "\(Text.milliseconds(taken.cpu)) ms",
                    "\(Text.fixed(Text.mebibytes(taken.resident), 1)) MiB",
                ]
            })
    }
}

extension RenderingResult {
    fileprivate var paragraphs: [String] {
        [
            """
            From the answers of \(Text.count(nodes, "node")) to a page of \(Text.fixed(Double(bytes) / 1e6, 1)) MB, on one core: \
            comparing the nodes \(Text.milliseconds(comparing)) ms; samples of the findings \(Text.milliseconds(sampling)) ms, \
            \(Text.grouped(samplingAllocations)) allocations; writing them as text \(Text.milliseconds(writing)) ms, \
            \(Text.fixed(megabytesPerSecond, 0)) MB/s, \(Text.count(writingAllocations, "allocation")).
            """,
            "The page through gzip:",
            TextTable(
                heading: ["level", "size", "CPU"],
                rows: gzip.map {
                    [
                        "\($0.level)", "\(Text.fixed(Double($0.bytes) / Double(bytes) * 100, 1)) %",
                        "\(Text.milliseconds($0.seconds)) ms",
                    ]
                }
            ).text,
        ]
    }
}
