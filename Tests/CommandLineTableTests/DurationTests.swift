// Durations as people write them.

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
}
