// When requests are due, decided before any of them is sent: so a slow daemon cannot slow the load
// that it is measured with.
//
//     closed     so many at a time; the next is due when one is answered
//     constant   every 1/rate seconds
//     poisson    gaps exponential with mean 1/rate, from a seed: independent users
//
// Pure: instants are nanoseconds since the start of the run.

import Randomness

internal import func Glibc.log

extension RandomSource {
    /// Exponential with mean 1.
    mutating func exponential() -> Double { -log(1 - unit()) }
}

enum Arrivals: Sendable, Equatable {
    case closed(concurrency: Int)
    case constant(rate: Double)
    case poisson(rate: Double)

    /// Requests a second that are offered; nil: as many as are answered.
    var rate: Double? {
        switch self {
        case .closed: nil
        case .constant(let rate), .poisson(let rate): rate
        }
    }
}

struct ArrivalSchedule: Sendable {
    private let arrivals: Arrivals
    private var random: RandomSource
    /// Exact to well below a nanosecond for a year of nanoseconds.
    private var due: Double
    private var sent = 0

    init(_ arrivals: Arrivals, seed: UInt64) {
        self.arrivals = arrivals
        random = RandomSource(seed: seed)
        due = 0
        if case .poisson = arrivals { advance() }
    }

    /// The next request's instant in an open loop; nil in a closed one.
    var nextDue: UInt64? {
        if case .closed = arrivals { return nil }
        return UInt64(due)
    }

    mutating func advance() {
        sent += 1
        switch arrivals {
        case .closed: break
        // By multiplication: a sum would gather rounding.
        case .constant(let rate): due = Double(sent) * 1e9 / rate
        case .poisson(let rate): due += random.exponential() * 1e9 / rate
        }
    }
}
