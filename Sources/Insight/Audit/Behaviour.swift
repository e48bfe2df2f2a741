// What a model should be able to do, as tests in the form of CheckList (Ribeiro 2020): each has
// sentences whose answer is beyond doubt, and reports the share that the model gets wrong.
//
//     expects      one text, and the side it must be on
//     same side    a text and its change, which must not carry the answer to the other side
//     not up/down  a text and its change, which must not move the score that way by more than 0.1
//
// A score is the positive label's share of positive and negative, 0...1; its side is that of 0.5.
// Invariant: cases depend on the seed alone. It runs no model: a closure scores the texts.

package struct BehaviourTest: Sendable {
    package enum Demand: Sendable, Equatable {
        case positive, negative, sameSide, notDown, notUp

        /// How a change must not move the score.
        fileprivate static let tolerance = 0.1

        package var words: String {
            switch self {
            case .positive: "must be positive"
            case .negative: "must be negative"
            case .sameSide: "must not change the answer"
            case .notDown: "must not lower the score"
            case .notUp: "must not raise the score"
            }
        }

        /// How far the scores miss what is demanded; at most 0: the test is passed.
        fileprivate func excess(_ scores: [Double]) -> Double {
            switch self {
            case .positive: scores[0] > 0.5 ? -1 : 0.5 - scores[0] + Double.leastNonzeroMagnitude
            case .negative: scores[0] < 0.5 ? -1 : scores[0] - 0.5 + Double.leastNonzeroMagnitude
            case .sameSide:
                (scores[0] > 0.5) == (scores[1] > 0.5) ? -1 : abs(scores[0] - scores[1])
            case .notDown: scores[0] - scores[1] - Self.tolerance
            case .notUp: scores[1] - scores[0] - Self.tolerance
            }
        }
    }

    /// The ability that is tested, such as `negation`.
    package let ability: String
    package let name: String
    package let demand: Demand
    /// Each one text, or a text and its change.
    package let cases: [[String]]

    /// A sentence that went wrong.
    package struct Failure: Sendable {
        package let texts: [String]
        package let scores: [Double]
        let excess: Double
    }

    package struct Outcome: Sendable {
        package let test: BehaviourTest
        /// The worst first.
        package let failures: [Failure]

        /// Of these sentences. It has no interval: the templates are few and were written, not
        /// drawn, so they say nothing about how often others would fail.
        package var rate: Double { Double(failures.count) / Double(max(1, test.cases.count)) }
    }

    /// - Parameter scores: in 0...1, one a text.
    package func outcome<Problem>(
        _ score: ([String]) throws(Problem) -> [Double]
    ) throws(Problem) -> Outcome {
        let scores = try score(cases.flatMap(\.self))
        var next = 0
        var failures: [Failure] = []
        for texts in cases {
            let own = Array(scores[next..<next + texts.count])
            next += texts.count
            let excess = demand.excess(own)
            if excess > 0 { failures.append(Failure(texts: texts, scores: own, excess: excess)) }
        }
        // Ties keep the order of the cases, so that reports are reproducible.
        let sorted = failures.enumerated().sorted {
            ($0.element.excess, $1.offset) > ($1.element.excess, $0.offset)
        }
        return Outcome(test: self, failures: sorted.map(\.element))
    }
}
