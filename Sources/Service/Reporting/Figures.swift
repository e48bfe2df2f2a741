// Counters and histograms: what happened since the start, in the names and units of Prometheus.
//
// They live on the I/O thread, through which everything that counts passes, so counting is an
// addition. Series are few by construction: models, classes, methods and reasons, never users.
// Those of what is refused or fails by our fault are there from the start: a series that begins
// with its first event hides it from whoever looks for an increase.

internal import TextflixProtocol

struct Figures: Sendable {
    private var counters = Self.fromTheStart
    private var histograms: [Series: Distribution] = [:]

    struct Series: Hashable, Sendable {
        let name: String
        let labels: [String]  // name, value, name, value ...
    }

    private static let fromTheStart: [Series: UInt64] = {
        let names = [
            "textflix_connections_refused_total", "textflix_reloads_total",
            "textflix_reloads_failed_total",
        ]
        let reasons = [
            "queue_full", "user_share", "connection_share", "too_large", "too_late", "expired",
            "streams", "input_memory", "loading", "stopping",
        ]
        let faults = MethodName.allCases.map {
            ["method", $0.rawValue, "code", StatusCode.internal.name]
        }
        let series =
            names.map { Series(name: $0, labels: []) }
            + reasons.map { Series(name: "textflix_refused_total", labels: ["reason", $0]) }
            + faults.map { Series(name: "textflix_requests_total", labels: $0) }
        return Dictionary(uniqueKeysWithValues: series.map { ($0, 0) })
    }()

    mutating func count(_ name: String, _ amount: Int = 1, _ labels: String...) {
        counters[Series(name: name, labels: labels), default: 0] += UInt64(amount)
    }

    mutating func observe(
        _ name: String, nanoseconds: UInt64, in bounds: Distribution.Bounds = .seconds,
        _ labels: String...
    ) {
        histograms[Series(name: name, labels: labels), default: Distribution(bounds)]
            .add(Double(nanoseconds) / 1e9)
    }

    mutating func observe(_ name: String, count: Int, _ labels: String...) {
        histograms[Series(name: name, labels: labels), default: Distribution(.powers)]
            .add(Double(count))
    }

    var counterMessages: [Counter] {
        counters.sorted { $0.key < $1.key }.map {
            Counter(name: $0.key.name, labels: $0.key.messages, value: $0.value)
        }
    }

    var histogramMessages: [Histogram] {
        histograms.sorted { $0.key < $1.key }.map {
            Histogram(
                name: $0.key.name, labels: $0.key.messages, bounds: $0.value.bounds.values,
                counts: $0.value.cumulative, sum: $0.value.sum)
        }
    }
}

extension Figures.Series: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        left.name == right.name
            ? left.labels.lexicographicallyPrecedes(right.labels) : left.name < right.name
    }

    var messages: [Label] {
        stride(from: 0, to: labels.count - 1, by: 2).map {
            Label(name: labels[$0], value: labels[$0 + 1])
        }
    }
}

/// How often values fell below each of some bounds.
struct Distribution: Sendable {
    enum Bounds: Sendable {
        /// 50 µs to 52 s in steps of 2: 21 buckets cover a cache hit and a hopeless queue.
        case seconds
        /// 1 µs to 1 s in steps of 2, for what takes microseconds.
        case shortSeconds
        /// 1 to 65536 in steps of 2: tokens or texts.
        case powers

        var values: [Double] {
            switch self {
            case .seconds: Self.secondValues
            case .shortSeconds: Self.shortSecondValues
            case .powers: Self.powerValues
            }
        }

        private static let secondValues = (0...20).map { 50e-6 * Double(1 << $0) }
        private static let shortSecondValues = (0...20).map { 1e-6 * Double(1 << $0) }
        private static let powerValues = (0...16).map { Double(1 << $0) }
    }

    let bounds: Bounds
    private var counts: [UInt64]
    private(set) var sum = 0.0

    init(_ bounds: Bounds) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.values.count + 1)
    }

    mutating func add(_ value: Double) {
        counts[bounds.values.lengthOfPrefix { $0 < value }] += 1
        sum += value
    }

    /// How many were at most each bound; the last counts all.
    var cumulative: [UInt64] {
        var total: UInt64 = 0
        return counts.map { count in
            total += count
            return total
        }
    }
}
