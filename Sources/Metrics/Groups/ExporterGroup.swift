import Exposition

/// What the exporter knows about itself.
package struct ExporterStatistics: Sendable {
    package struct Build: Sendable {
        package var version: String
        /// The commit it was built from.
        package var revision: String
        package var swift: String
        package var libmariadb: String

        package init(version: String, revision: String, swift: String, libmariadb: String) {
            self.version = version
            self.revision = revision
            self.swift = swift
            self.libmariadb = libmariadb
        }
    }

    /// From `/proc/self` (proc(5)); nil where that cannot be read.
    package struct Process: Sendable {
        package var cpuSeconds: Double?
        package var residentBytes: UInt64?
        package var virtualBytes: UInt64?
        /// Epoch seconds.
        package var startTime: Double?
        package var openFiles: Int?
        package var maxFiles: UInt64?
        package var threads: Int?

        package init() {}
    }

    /// Answers by route and status code.
    package struct Requests: Sendable {
        package var route: String
        package var code: Int
        package var count: UInt64

        package init(route: String, code: Int, count: UInt64) {
            self.route = route
            self.code = code
            self.count = count
        }
    }

    package var build: Build
    package var process: Process
    package var requests: [Requests]
    /// Seconds; nil for a page that does not scrape.
    package var scrapeDuration: Double?
    package var isConfigurationFresh: Bool
    /// Epoch seconds.
    package var configurationLoaded: Double

    package init(
        build: Build, process: Process, requests: [Requests], scrapeDuration: Double?, isConfigurationFresh: Bool,
        configurationLoaded: Double
    ) {
        self.build = build
        self.process = process
        self.requests = requests
        self.scrapeDuration = scrapeDuration
        self.isConfigurationFresh = isConfigurationFresh
        self.configurationLoaded = configurationLoaded
    }
}

extension Families {
    package mutating func add(_ exporter: ExporterStatistics) {
        addState(of: exporter)
        for request in exporter.requests {
            add(.httpRequests, .empty, request.count, extra: ["route": request.route, "code": "\(request.code)"])
        }
        let process = exporter.process
        add(.processCPU, .empty, process.cpuSeconds)
        add(.processResidentMemory, .empty, process.residentBytes)
        add(.processVirtualMemory, .empty, process.virtualBytes)
        add(.processStartTime, .empty, process.startTime)
        add(.processOpenFDs, .empty, process.openFiles)
        add(.processMaxFDs, .empty, process.maxFiles)
        add(.processThreads, .empty, process.threads)
    }

    /// The exporter's build, the duration of its scrape, and whether its configuration is in effect.
    package mutating func addState(of exporter: ExporterStatistics) {
        add(
            .buildInfo, .empty, 1,
            extra: [
                "version": exporter.build.version, "revision": exporter.build.revision,
                "swift": exporter.build.swift, "libmariadb": exporter.build.libmariadb,
            ])
        add(.scrapeDuration, .empty, exporter.scrapeDuration)
        add(.configLastReloadSuccessful, .empty, exporter.isConfigurationFresh)
        add(.configLastReloadSuccessTimestamp, .empty, exporter.configurationLoaded)
    }
}
