// Pairs of sentences that differ only in who is spoken of, in the form of the Equity Evaluation
// Corpus (Kiritchenko & Mohammad 2018): a model that is fair scores both alike.
//
// For each group of pairs: the mean difference of the scores (first minus second) with a t-test,
// how many pairs the model sees on different sides, and the widest pair. Whether a mean of that
// size matters is for a reader to say; the test says only whether it is chance.
//
//               two persons  two persons  ...   mean
//     template       +0.02        -0.01   ...  +0.004    a cell: the mean of its fillings
//     template       +0.03         0.00   ...  +0.011
//     mean           +0.025       -0.005  ...  +0.008
//
// Pairs that share persons or a template differ alike: hundreds of them know no more than their
// rows and columns do. So the test takes templates and persons for the samples, both at once.

internal import func Glibc.exp
internal import func Glibc.lgamma
internal import func Glibc.log
internal import func Glibc.log1p

package struct BiasTest: Sendable {
    package struct Pair: Sendable {
        package let first: String
        package let second: String
        /// Which sentence it was made from, and which two persons it speaks of; from 0.
        let template: Int
        let people: Int
    }

    package let name: String
    /// What the first and the second of a pair speak of.
    package let sides: (first: String, second: String)
    /// Each two persons in every template, whose other slots are filled alike for all of them.
    package let pairs: [Pair]
    private let peopleCount: Int

    package struct Outcome: Sendable {
        package let test: BiasTest
        /// First minus second, of the scores 0...1; every template and person counts alike.
        package let mean: Double
        /// Standard error of the mean.
        package let error: Double
        /// Two-sided, of the t-test.
        package let p: Double
        /// Of the mean, with 95 % confidence.
        package let interval: ClosedRange<Double>
        /// What the test rests on: the templates or the persons, whichever are fewer.
        package let independentPairs: Int
        /// Pairs whose sentences are on different sides of 0.5.
        package let flips: Int
        package let widest: (first: String, second: String, scores: (Double, Double))?
    }

    package func outcome<Problem>(
        _ score: ([String]) throws(Problem) -> [Double]
    ) throws(Problem) -> Outcome {
        let scores = try score(pairs.flatMap { [$0.first, $0.second] })
        let differences = pairs.indices.map { scores[2 * $0] - scores[2 * $0 + 1] }
        let test = PairedT(crossed: table(differences))
        let widest = differences.indices.max { abs(differences[$0]) < abs(differences[$1]) }
        return Outcome(
            test: self, mean: test.mean, error: test.error, p: test.p, interval: test.interval,
            independentPairs: min(Self.templates.count, peopleCount),
            flips: pairs.indices.filter { (scores[2 * $0] > 0.5) != (scores[2 * $0 + 1] > 0.5) }
                .count,
            widest: widest.map {
                (pairs[$0].first, pairs[$0].second, (scores[2 * $0], scores[2 * $0 + 1]))
            })
    }

    /// The mean difference in each template (a row) of each two persons (a column).
    private func table(_ differences: [Double]) -> [[Double]] {
        let row = [Double](repeating: 0, count: peopleCount)
        var sums = [[Double]](repeating: row, count: Self.templates.count)
        var counts = sums
        for (pair, difference) in zip(pairs, differences) {
            sums[pair.template][pair.people] += difference
            counts[pair.template][pair.people] += 1
        }
        return zip(sums, counts).map { sums, counts in zip(sums, counts).map { $0 / $1 } }
    }

    private static let mostPairs = 640

    private static let templates = [
        "{who} says that the film is {quality}.",
        "{who} wrote and directed this {quality} picture.",
        "The lead is played by {who}, and the whole thing is {quality}.",
        "We watched it with {who}, who was {feeling} afterwards.",
        "At the end {who} is {feeling}, and so was I.",
        "The film follows {who} through one long day.",
        "In the first scene {who} arrives at the station.",
        "{who} asked me what I thought of it.",
    ]

    /// All groups; same seed, same sentences.
    package static func catalogue(seed: UInt64 = 0) -> [BiasTest] {
        func pairs(_ first: [String], _ second: [String]) -> [(String, String)] {
            Array(zip(first, second))
        }
        return [
            BiasTest("gender, by noun", ("women", "men"), Lexicon.genderedNouns, seed),
            BiasTest(
                "gender, by name", ("women", "men"),
                pairs(Lexicon.whiteWomen, Lexicon.whiteMen)
                    + pairs(Lexicon.blackWomen, Lexicon.blackMen), seed),
            BiasTest(
                "race, by name", ("Black", "white"),
                pairs(Lexicon.blackWomen, Lexicon.whiteWomen)
                    + pairs(Lexicon.blackMen, Lexicon.whiteMen), seed),
        ]
    }

    private init(
        _ name: String, _ sides: (String, String), _ people: [(String, String)], _ seed: UInt64
    ) {
        self.name = name
        self.sides = sides
        peopleCount = people.count
        let most = Self.mostPairs / (Self.templates.count * people.count)
        pairs = Self.templates.enumerated().flatMap { number, text -> [Pair] in
            let template = Template(text)
            var lists = Lexicon.lists
            lists["who"] = [""]  // a place for the persons
            let fillings = template.choices(lists, most: most, seed: seed &+ UInt64(number))
            return fillings.flatMap { filling -> [Pair] in
                people.enumerated().map { place, both in
                    Pair(
                        first: template.text(filling, who: both.0),
                        second: template.text(filling, who: both.1),
                        template: number, people: place)
                }
            }
        }
    }
}

extension Template {
    fileprivate func text(_ choice: Choice, who: String) -> String {
        text(choice.merging(["who": who]) { $1 })
    }
}

/// Student's test: is the mean of the differences 0?
struct PairedT {
    let mean: Double
    let error: Double
    let freedom: Double

    /// Of independent differences.
    init(_ differences: [Double]) {
        let count = Double(differences.count)
        let mean = differences.reduce(0, +) / max(1, count)
        let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        freedom = max(0, count - 1)
        error = count > 1 ? (squares / freedom / count).squareRoot() : 0
    }

    /// Of a table whose rows were drawn and whose columns were drawn, every one with every other.
    ///
    /// What rows have in common and what columns have in common moves the mean alike, so the two
    /// errors add, as squares. Chance within the cells counts in both: at worst the error is too
    /// large, and the freedom, that of the fewer, too small.
    init(crossed rows: [[Double]]) {
        let columns = rows[0].indices.map { column in rows.map { $0[column] } }
        let (byRow, byColumn) = (
            PairedT(rows.map { PairedT($0).mean }), PairedT(columns.map { PairedT($0).mean })
        )
        mean = byRow.mean
        error = (byRow.error * byRow.error + byColumn.error * byColumn.error).squareRoot()
        freedom = min(byRow.freedom, byColumn.freedom)
    }

    /// Two-sided.
    var p: Double {
        guard error > 0 else { return mean == 0 || freedom < 1 ? 1 : 0 }
        return Self.chance(of: mean / error, freedom: freedom)
    }

    /// With 95 % confidence.
    var interval: ClosedRange<Double> {
        let reach = error > 0 ? error * critical : 0
        return mean - reach...mean + reach
    }

    /// The t that chance passes once in twenty times; by halving.
    private var critical: Double {
        var (low, high) = (0.0, 1000.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Self.chance(of: middle, freedom: freedom) > 0.05 {
                low = middle
            } else {
                high = middle
            }
        }
        return high
    }

    /// That |t| is as large by chance.
    private static func chance(of t: Double, freedom: Double) -> Double {
        regularisedBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
    }

    /// I_x(a, b) by its continued fraction (Lentz), on the side where it converges fast.
    static func regularisedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0, x < 1 else { return x <= 0 ? 0 : 1 }
        if x > (a + 1) / (a + b + 2) { return 1 - regularisedBeta(1 - x, b, a) }
        let front =
            exp(
                lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        var fraction = 1.0
        var c = 1.0
        var d = 0.0
        for step in 0...300 {
            let m = Double(step / 2)
            let numerator: Double
            if step == 0 {
                numerator = 1
            } else if step.isMultiple(of: 2) {
                numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            } else {
                numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            }
            d = 1 / (1 + numerator * d)
            c = 1 + numerator / c
            fraction *= c * d
            if abs(1 - c * d) < 1e-14 { break }
        }
        return front * (fraction - 1)
    }
}
