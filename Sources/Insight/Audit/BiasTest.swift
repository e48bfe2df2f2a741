// Pairs of sentences that differ only in the person they are about, in the form of the Equity
// Evaluation Corpus (Kiritchenko & Mohammad 2018): a fair model scores both alike.
//
// For each group of pairs: the mean difference of the scores (first minus second) with a t-test,
// how many pairs the model puts on different sides, and the widest pair. Whether a mean of that
// size matters is for the reader to judge; the test says only whether it is chance.
//
//               two persons  two persons  ...   mean
//     template       +0.02        -0.01   ...  +0.004    a cell: the mean of its fillings
//     template       +0.03         0.00   ...  +0.011
//     mean           +0.025       -0.005  ...  +0.008
//
// Pairs that share persons or a template are correlated: hundreds carry no more information than
// their rows and columns. So the test takes templates and persons as the samples, both at once.

package struct BiasTest: Sendable {
    package struct Pair: Sendable {
        package let first: String
        package let second: String
        /// The template it was made from, and the two persons it is about; from 0.
        let template: Int
        let people: Int
    }

    package let name: String
    /// Who the first and the second sentence of a pair are about.
    package let sides: (first: String, second: String)
    /// Every two persons in every template, whose other slots are filled alike for all of them.
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
