// Time. Logic uses the monotonic clock only; the wall clock is for showing to people.
//
// Invariant: an instant is nanoseconds since some point of this boot, never negative, never going
// back, stopped while the machine sleeps. Sums saturate, so a deadline of "never" stays one.

internal import Glibc

package enum MonotonicClock {
    /// A point in monotonic time: plain nanoseconds, so that pure logic can make its own.
    package struct Instant: Sendable, Hashable, Comparable {
        package let nanoseconds: UInt64

        package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

        package static let zero = Instant(nanoseconds: 0)
        /// A deadline that never comes.
        package static let distantFuture = Instant(nanoseconds: .max)

        package static func < (left: Instant, right: Instant) -> Bool {
            left.nanoseconds < right.nanoseconds
        }

        /// Later by so many nanoseconds, at most `distantFuture`.
        package func advanced(by nanoseconds: UInt64) -> Instant {
            let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
            return overflow ? .distantFuture : Instant(nanoseconds: sum)
        }

        package func advanced(by duration: Duration) -> Instant {
            advanced(by: duration.wholeNanoseconds)
        }

        /// Nanoseconds from an earlier instant to this one; 0 when it is not earlier.
        package func since(_ earlier: Instant) -> UInt64 {
            nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
        }
    }

    package static var now: Instant { Instant(nanoseconds: nanoseconds(of: CLOCK_MONOTONIC)) }

    /// Processor time that this process has used, in nanoseconds: for measuring.
    package static var processTime: UInt64 { nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID) }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Blocks this thread; interrupted sleeps are taken up again.
    package static func sleep(nanoseconds: UInt64) {
        var request = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        var rest = timespec()
        while nanosleep(&request, &rest) == -1 && errno == EINTR { request = rest }
    }
}

extension Duration {
    /// Negative durations are 0, ones beyond 584 years the largest number.
    package var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflow || carry ? .max : sum
    }

    /// Whole nanoseconds; everything this tree measures fits in 64 bits.
    package var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }

    /// In seconds, for arithmetic on rates.
    package var inSeconds: Double { Double(inNanoseconds) / 1e9 }
}

/// The wall clock, in seconds since 1970: only to be shown, as in a file's metadata.
package enum WallClock {
    package static var secondsSince1970: Int64 { Int64(time(nil)) }

    /// `2026-03-01T12:00:00Z`
    package static func utcText(_ seconds: Int64 = secondsSince1970) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
