// swift-tools-version: 6.2
import PackageDescription

/// The Makefile asks for warnings to be errors; a build by anybody else survives a newer compiler's new warnings.
let strictness: [SwiftSetting] =
    Context.environment["STRICT_WARNINGS"] == "1" ? [.treatAllWarnings(as: .error)] : []

/// Language settings shared by every target: strict where the compiler can be strict.
let settings: [SwiftSetting] =
    strictness + [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]

/// Keeps 5 MB of the program out of memory: relocations in the short form (glibc 2.36 reads it), no names for others to
/// look up, and functions that are the same only once. Of the linkers that come with Swift, lld knows how.
let lean = [
    "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--no-export-dynamic", "-Xlinker",
    "--icf=safe",
]

/// The commit that is built; REVISION is for sources without their repository, such as an archive or an image's context.
let revision: String = {
    if let given = Context.environment["REVISION"] { return given.filter { $0.isLetter || $0.isNumber || $0 == "-" } }
    guard let git = Context.gitInformation else { return "unknown" }
    return git.currentCommit.prefix(12) + (git.hasUncommittedChanges ? "-modified" : "")
}()

/// A library target of the house. `dependencies` name its neighbours to the left in the picture of docs/architecture.md.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: [Resource]? = nil) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies, exclude: [], resources: fixtures, swiftSettings: settings)
}

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
/// What NIO and ServiceLifecycle are made of, and linked in with them: a pinned package has to be used by a target.
let pinned: [Target.Dependency] = [
    .product(name: "Atomics", package: "swift-atomics"),
    .product(name: "DequeModule", package: "swift-collections"),
    .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
]
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "mysql-replication-exporter",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "mysql-replication-exporter", targets: ["Exporter"]),
        .executable(name: "replication-sandbox", targets: ["SandboxCommand"]),
    ],
    dependencies: [
        // Exact, since this repository keeps no lock file: what is tested is what is built anywhere else.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        // Theirs, named here to pin them as well. (swift-system is fetched for a part of NIO that is not compiled.)
        .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
    ],
    targets: [
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CMemory"),
        .target(name: "CBuild", cSettings: [.define("BUILD_REVISION", to: "\"\(revision)\"")]),
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CThreads"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        room("Replication"),
        room("Threads", ["CThreads"]),
        room("MariaDB", ["CMariaDB", "Replication", "Threads"]),
        room("Collection", ["MariaDB", "Replication", "Threads"]),
        room("Topology", ["Replication"]),
        room("Traffic", ["Replication", "Topology"]),
        room("Checksums", ["MariaDB", "Replication", "Topology"]),
        room("Alerting"),
        room("Exposition"),
        room("Metrics", ["Replication", "Topology", "Traffic", "Exposition"]),
        room("Documents", ["CYAML"]),
        room("Configuration", ["CSpawn", "Documents", "Replication"]),
        room(
            "Web",
            ["Documents", "Threads", nioCore, nioPosix, nioHTTP1, nioSSL, logging, lifecycle, "CCrypt", "CZlib"]
                + pinned),
        .target(
            name: "Presentation",
            dependencies: [
                "Replication", "MariaDB", "Collection", "Topology", "Traffic", "Checksums", "Documents",
                "Configuration",
            ],
            // Into the program itself: it stays one file.
            resources: [.embedInCode("Topology/Assets")],
            swiftSettings: settings),
        room("Sandbox", ["CSpawn", "MariaDB", "Replication"]),
        room("FaultServer"),

        room(
            "Monitoring",
            [
                "Documents", "Configuration", "MariaDB", "Collection", "Replication", "Topology", "Traffic", "Threads",
                logging, lifecycle,
            ]),

        .executableTarget(
            name: "Exporter",
            dependencies: [
                "Replication", "MariaDB", "Collection", "Topology", "Traffic", "Monitoring", "Checksums", "Metrics",
                "Exposition", "Alerting", "Documents", "Configuration", "Presentation", "Web", "Threads", "CMemory",
                "CBuild",
                arguments, logging, lifecycle, unixSignals,
            ],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(lean, .when(platforms: [.linux], configuration: .release))]),
        .executableTarget(
            name: "SandboxCommand",
            dependencies: ["Sandbox", "MariaDB", "Replication", "Collection", arguments, unixSignals],
            swiftSettings: settings),

        // Started by Benchmarks/run.sh. Built with everything else, so that it is never left behind.
        .target(name: "CAllocations", path: "Benchmarks/Sources/CAllocations"),
        .executableTarget(
            name: "Benchmark",
            dependencies: [
                "Sandbox", "MariaDB", "Replication", "Collection", "Topology", "Metrics", "Exposition", "CZlib",
                "CAllocations", arguments,
            ],
            path: "Benchmarks/Sources/Benchmark", swiftSettings: settings),

        // What happens to replication sets at random, for tests on fault servers and on real ones.
        .target(name: "Operations", path: "Tests/Operations", swiftSettings: settings),
        // What tests share: scenes of replication sets, waiting, and what is logged.
        .target(
            name: "ReplicationTesting",
            dependencies: ["CSpawn", "Replication", "Topology", "Collection", "MariaDB", "FaultServer", logging],
            path: "Tests/ReplicationTesting", swiftSettings: settings),
        tests("Replication", ["Replication", "ReplicationTesting"]),
        tests("Threads", ["Threads"]),
        tests("Alerting", ["Alerting", "ReplicationTesting"]),
        tests("Exposition", ["Exposition"]),
        tests("Documents", ["Documents"]),
        tests("Configuration", ["Configuration", "Documents", "Replication"]),
        tests("Sandbox", ["Sandbox", "MariaDB", "Replication", "SandboxCommand"]),
        tests("MariaDB", ["MariaDB", "Replication", "Threads", "FaultServer"]),
        tests("FaultServer", ["FaultServer", "MariaDB", "Replication", "Threads"]),
        tests("Collection", ["Collection", "MariaDB", "Replication", "FaultServer", "ReplicationTesting"]),
        tests("Topology", ["Topology", "Replication", "ReplicationTesting"]),
        tests("Traffic", ["Traffic", "Topology", "Replication", "ReplicationTesting"]),
        tests(
            "Monitoring",
            [
                "Monitoring", "Collection", "Configuration", "Documents", "MariaDB", "Replication", "Topology",
                "Traffic", "Threads", "FaultServer", "ReplicationTesting", logging,
            ]),
        tests(
            "Checksums", ["Checksums", "MariaDB", "Replication", "Topology", "FaultServer", "ReplicationTesting"]),
        tests("Metrics", ["Metrics", "Topology", "Replication", "Exposition", "ReplicationTesting"]),
        tests(
            "Presentation",
            [
                "Presentation", "MariaDB", "Collection", "Topology", "Checksums", "Documents", "Configuration",
                "Replication", "ReplicationTesting",
            ]),
        tests(
            "Exporter",
            [
                "Exporter", "Monitoring", "Checksums", "Traffic", "Web", "Replication", "Topology",
                "Documents", "Configuration", "Presentation", "Threads", "Metrics", "FaultServer", "Operations",
                "ReplicationTesting",
                "CMemory", logging, arguments,
            ]),
        tests(
            "Documentation",
            [
                "Alerting", "Collection", "MariaDB", "Replication", "Topology", "Metrics", "Exposition", "Documents",
                "Configuration", "Web", "ReplicationTesting",
            ]),
        // Through the real program, against real servers.
        tests(
            "Integration",
            [
                "Sandbox", "FaultServer", "MariaDB", "Replication", "Topology", "Presentation", "Monitoring",
                "Exporter",
                "Web",
                "SandboxCommand", "Operations", "ReplicationTesting",
            ]),
        tests(
            "Fuzz",
            [
                "Exporter", "Presentation", "Web", "Monitoring", "Checksums", "Traffic", "Configuration", "FaultServer",
                "MariaDB",
                "Collection",
                "Replication",
                "Topology", "Metrics", "Exposition", "CMemory", "ReplicationTesting", logging,
            ]),
        tests(
            "Web",
            ["Web", "Documents", "ReplicationTesting", nioCore, nioPosix, nioHTTP1, nioEmbedded, nioSSL, logging]),
    ],
    swiftLanguageModes: [.v6]
)
