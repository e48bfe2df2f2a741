// How long a load may take: for as long as it does something, the service manager is asked to wait.
//
//     begin ──10 s── look ──10 s── look ──10 s── look      since the one before it the process has
//                     │ worked      │ worked      │ not
//                     ▼             ▼             ▼
//               a minute more  a minute more   nothing: unless it works again, the minute runs out
//
// A disk may be slow, so no time is too long for a load; but what hangs does no work. Work is bytes
// from the disk and processor time, of the whole process: hashing, pinning and packing are done by
// many threads. Of a daemon that serves meanwhile it does not tell whose work it is; so nothing is
// asked for after `limit`, whatever the work. It sends nothing, and takes the clock from outside.

internal import Syscalls

struct LoadPatience: Sendable {
    static let interval = Duration.seconds(10)
    /// Asked for each time: what the unit grants a start before anybody asks.
    static let grace = Duration.seconds(60)
    static let limit = Duration.seconds(3600)
    /// Of the processor, between two looks: a thousandth of it. Looking takes a hundredth of that.
    static let leastProcessorTime: UInt64 = 10_000_000

    /// What the process has done since its start.
    struct Work: Sendable {
        /// In nanoseconds.
        let processorTime: UInt64
        let bytesRead: UInt64
    }

    private var before: Work?
    private var end = Instant.distantFuture
    /// When `look` is due; never while nothing is loaded.
    private(set) var nextLook = Instant.distantFuture

    /// While a load is under way already, this changes nothing.
    mutating func begin(now: Instant, _ work: @autoclosure () -> Work) {
        guard before == nil else { return }
        before = work()
        end = now.advanced(by: Self.limit)
        nextLook = now.advanced(by: Self.interval)
    }

    /// The load is over.
    mutating func rest() { self = LoadPatience() }

    /// Whether time may be asked for at all.
    func lasts(at now: Instant) -> Bool { now < end }

    /// - Returns: whether more time is to be asked for now.
    mutating func look(now: Instant, _ work: @autoclosure () -> Work) -> Bool {
        guard let before, now >= nextLook else { return false }
        guard lasts(at: now) else {
            nextLook = .distantFuture
            return false
        }
        nextLook = now.advanced(by: Self.interval)
        let done = work()
        self.before = done
        return done.bytesRead > before.bytesRead
            || done.processorTime >= before.processorTime + Self.leastProcessorTime
    }
}

extension LoadPatience.Work {
    /// Of this process, as the kernel counts it; bytes read are those that disks were asked for, by
    /// way of mapped files too.
    static var ofThisProcess: Self {
        Self(processorTime: MonotonicClock.processTime, bytesRead: bytesRead)
    }

    /// `read_bytes: 4096`; 0 where the kernel does not count them.
    private static var bytesRead: UInt64 {
        let bytes = (try? readFile("/proc/self/io", limit: 4096)) ?? []
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("read_bytes:") }
        return line.flatMap { UInt64($0.drop { !$0.isNumber }) } ?? 0
    }
}
