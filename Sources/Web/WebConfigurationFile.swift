package import Documents
package import Logging
import Glibc
import Synchronization
import Threads

/// The current content of the file of `--web.config.file`: users and certificates can change without a restart.
///
/// The file is checked before every use, and read only if it, or a file that it names, has changed. While it is invalid,
/// every request is refused; connections are still encrypted as in the last valid version.
package final class WebConfigurationFile: Sendable {
    struct Snapshot: Sendable {
        var configuration: WebConfiguration
        /// Nil: plain HTTP.
        var tls: TLSTerms?
        /// Why the file cannot be used; then the rest is from its last valid version.
        var problem: ConfigurationError?
    }

    private struct State {
        var snapshot: Snapshot
        var material: TLSMaterial?
        var files: [String]
        var stamps: [FileStamp]
        var isSettled: Bool
    }

    /// How long a request waits until the files have been checked.
    private static let patience = Duration.milliseconds(500)

    private let path: String
    private let logger: Logger
    private let desk: BlockingDesk
    private let state: Mutex<State>
    /// What is told while the files' file system hangs.
    private enum Silence: Int {
        case none, trusting, refusing
    }

    private struct Last {
        /// What the check has found that began last, of those that have ended.
        var reading: LastReading<Snapshot>
        var began: ContinuousClock.Instant
        /// Whether the checks since have not ended in time; for the log.
        var silence = Silence.none
    }

    private let last: Mutex<Last>
    /// Warnings about the file as it was at start-up.
    package let warnings: [Warning]

    /// Reads the file, and the certificates that it names.
    /// - Throws: everything that is wrong with them.
    package init(path: String, logger: Logger) throws(ConfigurationError) {
        self.path = path
        self.logger = logger
        var files = [path]
        var (stamps, isSettled) = Self.stamps(of: files)
        let (configuration, warnings) = try WebConfiguration.load(path: path)
        if !configuration.referencedFiles.isEmpty {
            files += configuration.referencedFiles
            (stamps, isSettled) = Self.stamps(of: files)
        }
        let material = try configuration.tls.map { options throws(ConfigurationError) in try TLSMaterial(options) }
        let snapshot = Snapshot(
            configuration: configuration,
            tls: try material.map { material throws(ConfigurationError) in try TLSTerms(material) })
        self.warnings = warnings
        do throws(ThreadError) {
            desk = try BlockingDesk(name: "web-config", stackSize: 1 << 20)
        } catch {
            throw ConfigurationError(problems: [Problem(file: path, message: "\(error)")])
        }
        last = Mutex(Last(reading: LastReading(snapshot), began: .now))
        state = Mutex(
            State(snapshot: snapshot, material: material, files: files, stamps: stamps, isSettled: isSettled))
    }

    /// Whether the listener speaks TLS; decided at start-up.
    var isEncrypted: Bool { state.withLock { $0.material != nil } }

    /// The current content of the file. While the file system hangs, the content as it was checked last, for a minute; after that it
    /// is not known who may be let in, and nobody is.
    func current() async -> Snapshot {
        let check = await desk.carryOut(within: Self.patience) { (began: ContinuousClock.now, snapshot: self.check()) }
        if let check {
            note(check.snapshot, from: check.began)
            return check.snapshot
        }
        return withoutCheck(at: .now)
    }

    /// Notes what a check has found.
    func note(_ snapshot: Snapshot, from began: ContinuousClock.Instant) {
        let silence = last.withLock { last in
            // Whoever waits for a check may be told of its end after that of a later one.
            if began >= last.began { (last.reading, last.began) = (LastReading(snapshot, at: began), began) }
            defer { last.silence = .none }
            return last.silence
        }
        if silence != .none {
            logger.info("the web configuration can be read again", metadata: ["file": "\(path)"])
        }
    }

    /// What counts if the files cannot be checked in time.
    func withoutCheck(at now: ContinuousClock.Instant) -> Snapshot {
        let (reading, isNew, silence) = last.withLock { last in
            let silence = last.reading.counts(at: now) ? Silence.trusting : .refusing
            let isNew = silence.rawValue > last.silence.rawValue
            if isNew { last.silence = silence }
            return (last.reading, isNew, silence)
        }
        var snapshot = reading.value
        if silence == .refusing {
            snapshot.problem = ConfigurationError(
                problems: [Problem(file: path, message: "cannot be read: a file system that hangs?")])
        }
        if isNew { log(silence) }
        return snapshot
    }

    private func log(_ silence: Silence) {
        switch silence {
        case .none: break
        case .trusting:
            logger.warning(
                "the web configuration cannot be read (a file system that hangs?): what was read last stays in effect for \(LastReading<Snapshot>.trust.components.seconds) s, then all requests are refused",
                metadata: ["file": "\(path)"])
        case .refusing:
            logger.error(
                "all requests are refused until the web configuration can be read", metadata: ["file": "\(path)"])
        }
    }

    /// The content now; blocks as long as the file system does. Takes a few microseconds if nothing has changed.
    func check() -> Snapshot {
        state.withLock { state in
            let (stamps, isSettled) = Self.stamps(of: state.files)
            if state.isSettled, stamps == state.stamps { return state.snapshot }
            let before = state.snapshot
            do throws(ConfigurationError) {
                try reload(&state)
                state.snapshot.problem = nil
            } catch {
                state.snapshot.problem = error
            }
            // The stamps were taken before reading, so a change during reading is noticed the next time.
            (state.stamps, state.isSettled) = stamps.count == state.files.count ? (stamps, isSettled) : ([], false)
            log(before, state.snapshot)
            return state.snapshot
        }
    }

    private func reload(_ state: inout State) throws(ConfigurationError) {
        state.files = [path]
        let configuration = try WebConfiguration.load(path: path).configuration
        state.files += configuration.referencedFiles
        guard (configuration.tls == nil) == (state.material == nil) else {
            let change = configuration.tls == nil ? "off" : "on"
            throw ConfigurationError(
                problems: [
                    Problem(
                        file: path,
                        message: "TLS cannot be switched \(change) while the exporter runs; restart it")
                ])
        }
        if let options = configuration.tls {
            let material = try TLSMaterial(options)
            if material != state.material {
                state.snapshot.tls = try TLSTerms(material)
                state.material = material
            }
        }
        state.snapshot.configuration = configuration
    }

    /// Logs one line if something has changed, and none otherwise.
    private func log(_ before: Snapshot, _ after: Snapshot) {
        if let problem = after.problem {
            guard problem != before.problem else { return }
            for problem in problem.problems { logger.error("\(problem)") }
            logger.error(
                "all requests are refused until the web configuration is corrected", metadata: ["file": "\(path)"])
        } else if before.problem != nil || before.configuration != after.configuration || before.tls !== after.tls {
            logger.info("web configuration reloaded", metadata: ["file": "\(path)"])
        }
    }

    private static func stamps(of files: [String]) -> (stamps: [FileStamp], isSettled: Bool) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = time.tv_sec * 1_000_000_000 + time.tv_nsec
        let stamps = files.map { FileStamp(path: $0) }
        return (stamps, stamps.allSatisfy { $0.isSettled(now: now) })
    }
}
