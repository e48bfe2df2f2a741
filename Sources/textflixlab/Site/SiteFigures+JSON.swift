// Figures and tour in a site's data, under the names that `evaluate` and `compare` use.

import Insight
import JSONText
import TextRuns

extension JSONWriter {
    mutating func figures(_ figures: SiteFigures) {
        member("texts", figures.reviewCount)
        member("abstained", figures.abstained)
        member("truncated", figures.truncated)
        key("evaluations")
        array(figures.evaluations) { $0.evaluation($1) }
        if let answers = figures.answers {
            member("agreement", answers.accuracy)
            member("answers", answers)
        }
        if let paired = figures.paired { members(of: paired) }
    }

    private mutating func evaluation(_ evaluation: Evaluation) {
        beginObject()
        member("accuracy", evaluation.accuracy)
        member("balanced_accuracy", evaluation.balancedAccuracy)
        member("calibration_error", evaluation.calibrationError)
        member("brier", evaluation.brier)
        member("risk_coverage_area", evaluation.riskCoverage)
        member("confusion", evaluation.confusion)
        key("risk_coverage")
        array(evaluation.points) { json, point in
            json.array([point.threshold, point.coverage, point.accuracy]) { $0.double($1) }
        }
        endObject()
    }

    /// `[film's key, review's key or ""]` a stop.
    mutating func tour(_ tour: SiteTour, _ site: Site) {
        key("tour")
        beginObject()
        for (name, stop) in [
            ("summary", tour.summary), ("reasons", tour.reasons), ("doubt", tour.doubt),
        ] {
            let film = site.films[stop.film]
            member(name, [film.key, stop.review.map { film.reviews[$0].key } ?? ""])
        }
        endObject()
    }
}
