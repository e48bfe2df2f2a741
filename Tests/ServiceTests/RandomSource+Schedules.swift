// What random schedules draw.
//
// A failing test prints its seed; the same seed gives the same schedule.

import Randomness

extension RandomSource {
    /// True once in so many times.
    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}
