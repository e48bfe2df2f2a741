// Durations read and shown, and numbers in few digits.

import CommandLineTable
import Testing

@Suite struct DurationTests {
    @Test(arguments: [
        ("10s", Duration.seconds(10)), ("250ms", .milliseconds(250)), ("1.5s", .milliseconds(1500)),
        ("2m", .seconds(120)), ("1h", .seconds(3600)), ("7", .seconds(7)),
        ("0.25", .milliseconds(250)),
        ("90us", .microseconds(90)), ("3ns", .nanoseconds(3)), ("0.5m", .seconds(30)),
        ("1.50ms", .microseconds(1500)), ("0s", .zero), ("1d", .seconds(86_400)),
    ])
    func written(text: String, duration: Duration) {
        #expect(Duration(written: text) == duration)
    }

    @Test(arguments: [
        "", "s", "-1s", "1x", "1.s", ".5s", "1.2.3s", "1e3", "99999999999999999999s", "0.5ns",
        "1 s",
        "٣s", "2000d",
    ])
    func refused(text: String) {
        #expect(Duration(written: text) == nil)
    }

    @Test(arguments: [
        (Duration.zero, "0 s"), (.nanoseconds(12), "12 ns"), (.microseconds(3), "3.00 µs"),
        (.microseconds(1234), "1.23 ms"), (.milliseconds(45), "45.0 ms"),
        (.milliseconds(456), "456 ms"),
        (.milliseconds(1500), "1.50 s"), (.seconds(119), "119 s"), (.seconds(180), "3.00 min"),
        (.seconds(9000), "2.50 h"), (.seconds(400_000), "4.63 d"),
    ])
    func shown(duration: Duration, text: String) {
        #expect(duration.shown == text)
    }

    @Test func fixedPoint() {
        #expect(fixed(-0.001, decimals: 2) == "0.00")
        #expect(fixed(-1.005, decimals: 1) == "-1.0")
        #expect(fixed(0.0625, decimals: 3) == "0.063")
        #expect(threeDigits(9.996) == "10.0")
        #expect(threeDigits(99.96) == "100")
    }
}
