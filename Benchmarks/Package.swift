// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A room of the exporter, by a symbolic link: what is `package` there is so here, and nothing is measured but the exporter's own code.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")],
    targets: [
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        room("MariaDB", ["CMariaDB"]),
        room("Replication"),
        room("Collection", ["MariaDB", "Replication"]),
        room("Topology", ["Replication"]),
        room("Exposition"),
        room("Metrics", ["Replication", "Topology", "Exposition"]),
        room("Sandbox", ["MariaDB"]),
        .target(name: "CAllocations"),
        .executableTarget(
            name: "Benchmark",
            dependencies: [
                "Sandbox", "MariaDB", "Replication", "Collection", "Topology", "Metrics", "Exposition", "CZlib",
                "CAllocations",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
