internal import Glibc
internal import MariaDB
internal import Replication
package import Traffic

extension FailoverTime {
    /// Now, by the clocks of this machine.
    package static var now: FailoverTime {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return FailoverTime(steady: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9, epoch: Moment.now.wall)
    }
}

/// Identifies the current boot of this machine. Seconds counted from another boot are meaningless.
package enum Boot {
    /// Nil if the system does not provide it.
    package static let id: String? = {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let text = String(unsafeUninitializedCapacity: 64) {
            max(0, Glibc.read(descriptor, $0.baseAddress, $0.count))
        }
        return ServerUUID(String(text.prefix(36))).map { "\($0)" }
    }()
}
