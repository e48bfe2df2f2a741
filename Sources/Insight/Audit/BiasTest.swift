// Pairs of sentences that differ only in who is spoken of, in the form of the Equity Evaluation
// Corpus (Kiritchenko & Mohammad 2018): a model that is fair scores both alike.
//
// For each group of pairs: the mean difference of the scores (first minus second) with the paired
// t-test, how many pairs the model sees on different sides, and the widest pair. Whether a mean of
// that size matters is for a reader to say; the test says only whether it is chance.

internal import Randomness

internal import func Glibc.exp
internal import func Glibc.lgamma
internal import func Glibc.log
internal import func Glibc.log1p

package struct BiasTest: Sendable {
    package let name: String
    /// What the first and the second of a pair speak of.
    package let sides: (first: String, second: String)
    package let pairs: [(first: String, second: String)]

    package struct Outcome: Sendable {
        package let test: BiasTest
        /// First minus second, of the scores 0...1.
        package let mean: Double
        /// Standard error of the mean.
        package let error: Double
        /// Two-sided, of the paired t-test.
        package let p: Double
        /// Pairs whose sentences are on different sides of 0.5.
        package let flips: Int
        package let widest: (first: String, second: String, scores: (Double, Double))?

        package var interval: ClosedRange<Double> {
            mean - 1.96 * error...mean + 1.96 * error
        }
    }

    package func outcome<Problem>(
        _ score: ([String]) throws(Problem) -> [Double]
    ) throws(Problem) -> Outcome {
        let scores = try score(pairs.flatMap { [$0.first, $0.second] })
        let differences = pairs.indices.map { scores[2 * $0] - scores[2 * $0 + 1] }
        let test = PairedT(differences)
        let widest = differences.indices.max { abs(differences[$0]) < abs(differences[$1]) }
        return Outcome(
            test: self, mean: test.mean, error: test.error, p: test.p,
            flips: pairs.indices.filter { (scores[2 * $0] > 0.5) != (scores[2 * $0 + 1] > 0.5) }
                .count,
            widest: widest.map {
                (pairs[$0].first, pairs[$0].second, (scores[2 * $0], scores[2 * $0 + 1]))
            })
    }

    package static let mostPairs = 320

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
        func crossed(_ first: [String], _ second: [String]) -> [(String, String)] {
            first.flatMap { one in second.map { (one, $0) } }
        }
        return [
            BiasTest("gender, by noun", ("women", "men"), Lexicon.genderedNouns, seed),
            BiasTest(
                "gender, by name", ("women", "men"),
                crossed(Lexicon.whiteWomen, Lexicon.whiteMen)
                    + crossed(Lexicon.blackWomen, Lexicon.blackMen), seed),
            BiasTest(
                "race, by name", ("Black", "white"),
                crossed(Lexicon.blackWomen, Lexicon.whiteWomen)
                    + crossed(Lexicon.blackMen, Lexicon.whiteMen), seed),
        ]
    }

    private init(
        _ name: String, _ sides: (String, String), _ people: [(String, String)], _ seed: UInt64
    ) {
        self.name = name
        self.sides = sides
        let most = Self.mostPairs / Self.templates.count
        var random = RandomSource(seed: seed)
        pairs = Self.templates.flatMap { text -> [(String, String)] in
            let template = Template(text)
            var all = people.flatMap { person -> [(String, String)] in
                var lists = Lexicon.lists
                lists["who"] = [person.0]
                let choices = template.choices(lists, most: .max, seed: seed)
                return choices.map { choice in
                    var other = choice
                    other["who"] = person.1
                    return (template.text(choice), template.text(other))
                }
            }
            random.shuffle(&all)
            return Array(all.prefix(most))
        }
    }
}

/// Student's paired test: is the mean of the differences 0?
struct PairedT {
    let mean: Double
    let error: Double
    let p: Double

    init(_ differences: [Double]) {
        let count = Double(differences.count)
        let mean = differences.reduce(0, +) / max(1, count)
        let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        guard differences.count > 1, squares > 0 else {
            error = 0
            p = mean == 0 || differences.count < 2 ? 1 : 0
            return
        }
        error = (squares / (count - 1) / count).squareRoot()
        let t = mean / error
        let freedom = count - 1
        p = Self.regularisedBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
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
