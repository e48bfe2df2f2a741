// Durations shown, and numbers in few digits.

import Presentation
import Testing

@Suite struct NumbersTests {
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
