// The figures of a site: the same as `textflixctl evaluate` and `compare` have of the same file,
// since the same code computes them from the same answers (a test compares the numbers).

import Insight

struct SiteFigures {
    /// Of each model; empty: the file has no labels.
    let evaluations: [Evaluation]
    /// nil where there are not two models.
    let answers: Confusion?
    /// nil where there are not two models, or no labels.
    let paired: PairedComparison?
    /// Reviews that each model abstained from, and those that it read in part.
    let abstained: [Int]
    let truncated: [Int]
    let reviewCount: Int

    init(_ reviews: [SiteReview], labelCount: Int, modelCount: Int) {
        reviewCount = reviews.count
        let isLabelled = reviews.contains { $0.truth != nil }
        evaluations =
            isLabelled
            ? (0..<modelCount).map { side in
                Evaluation(
                    reviews.map {
                        Prediction(
                            probabilities: $0.answers[side].probabilities, truth: $0.truth ?? 0)
                    }, labelCount: labelCount)
            } : []
        abstained = (0..<modelCount).map { side in
            reviews.count { $0.answers[side].isAbstained }
        }
        truncated = (0..<modelCount).map { side in
            reviews.count { $0.answers[side].isTruncated }
        }
        guard modelCount == 2 else {
            (answers, paired) = (nil, nil)
            return
        }
        var answers = Confusion(labelCount: labelCount)
        var paired = PairedComparison()
        for review in reviews {
            let given = review.answers.map(\.given)
            answers.record(truth: given[0], given: given[1])
            guard let truth = review.truth else { continue }
            paired.record(firstIsRight: given[0] == truth, secondIsRight: given[1] == truth)
        }
        self.answers = answers
        self.paired = isLabelled ? paired : nil
    }
}
