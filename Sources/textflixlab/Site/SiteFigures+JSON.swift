// Figures and tour in a site's data, under the names that `evaluate` and `compare` use.

import Insight
import JSONText

extension JSONWriter {
    mutating func figures(_ figures: SiteFigures) {
        key("texts")
        int(figures.reviewCount)
        key("abstained")
        array(figures.abstained) { $0.int($1) }
        key("truncated")
        array(figures.truncated) { $0.int($1) }
        key("evaluations")
        array(figures.evaluations) { $0.evaluation($1) }
        if let answers = figures.answers {
            key("agreement")
            double(answers.accuracy)
            key("answers")
            counts(answers)
        }
        if let paired = figures.paired {
            estimate("accuracy_difference", paired.difference)
            key("paired")
            beginObject()
            for (name, count) in [
                ("both_right", paired.bothRight), ("only_first", paired.onlyFirst),
                ("only_second", paired.onlySecond), ("both_wrong", paired.bothWrong),
            ] {
                key(name)
                int(count)
            }
            key("mcnemar_p")
            double(paired.p.exact)
            key("mcnemar_mid_p")
            double(paired.p.mid)
            endObject()
        }
    }

    private mutating func evaluation(_ evaluation: Evaluation) {
        beginObject()
        estimate("accuracy", evaluation.accuracy)
        estimate("balanced_accuracy", evaluation.balancedAccuracy)
        estimate("calibration_error", evaluation.calibrationError)
        estimate("brier", evaluation.brier)
        estimate("risk_coverage_area", evaluation.riskCoverage)
        key("confusion")
        counts(evaluation.confusion)
        key("risk_coverage")
        array(evaluation.points) { json, point in
            json.beginArray()
            for number in [point.threshold, point.coverage, point.accuracy] { json.double(number) }
            json.endArray()
        }
        endObject()
    }

    private mutating func estimate(_ name: String, _ estimate: Estimate) {
        key(name)
        beginObject()
        for (name, value) in [
            ("value", estimate.value), ("low", estimate.low), ("high", estimate.high),
        ] {
            key(name)
            double(value)
        }
        endObject()
    }

    private mutating func counts(_ confusion: Confusion) {
        array(confusion.counts) { json, row in json.array(row) { $0.int($1) } }
    }

    /// `[film's key, review's key or ""]` a stop.
    mutating func tour(_ tour: SiteTour, _ site: Site) {
        key("tour")
        beginObject()
        for (name, stop) in [
            ("summary", tour.summary), ("reasons", tour.reasons), ("doubt", tour.doubt),
        ] {
            let film = site.films[stop.film]
            key(name)
            beginArray()
            string(film.key)
            string(stop.review.map { film.reviews[$0].key } ?? "")
            endArray()
        }
        endObject()
    }
}
