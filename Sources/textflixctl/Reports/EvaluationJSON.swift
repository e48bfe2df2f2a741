// An evaluation for programs: one object, names and units fixed (shares are 0...1).

import Insight
import JSONText
import TextRuns
import TextflixProtocol

enum EvaluationJSON {
    static func text(_ report: EvaluationReport) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("model", report.model.name)
        json.member("revision", report.model.revision)
        json.member("file", report.file)
        json.member("labels", report.model.labels)
        json.member("seed", report.seed)
        json.member("truncated", report.truncated)
        json.member("abstained", report.abstained)
        json.member("failed", report.failed)
        json.write(report.evaluation)
        if let sets = report.labelSets {
            json.key("label_sets")
            json.beginObject()
            json.member("coverage", sets.coverage.value)
            json.member("low", sets.coverage.low)
            json.member("high", sets.coverage.high)
            json.member("mean_size", sets.meanSize)
            json.endObject()
        }
        json.key("mistakes")
        json.array(report.mistakes) { write($1, report.model.labels, to: &$0) }
        json.endObject()
        return json.text
    }

    private static func write(_ mistake: Mistake, _ labels: [String], to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", raw: mistake.item.identity)
        json.member("given", labels[mistake.given])
        json.member("probability", Float(mistake.confidence))
        json.member("truth", labels[mistake.truth])
        json.member("text", utf8: mistake.item.text.utf8)
        json.endObject()
    }
}

extension JSONWriter {
    /// The members of an evaluation.
    mutating func write(_ evaluation: Evaluation) {
        member("texts", evaluation.confusion.total)
        member("accuracy", evaluation.accuracy)
        member("balanced_accuracy", evaluation.balancedAccuracy)
        member("macro_f1", evaluation.confusion.macroF1)
        member("calibration_error", evaluation.calibrationError)
        member("calibration_error_equal_mass", evaluation.equalMassError)
        member("brier", evaluation.brier)
        member("log_loss", evaluation.logLoss)
        member("risk_coverage_area", evaluation.riskCoverage)
        if let area = evaluation.rocArea { member("roc_auc", area) }
        let confusion = evaluation.confusion
        member("confusion", confusion)
        for (name, rates) in [
            ("recalls", confusion.recalls),
            ("f1", confusion.counts.indices.map { confusion.f1(of: $0) }),
        ] {
            key(name)
            array(rates) { $0.double($1 ?? .nan) }
        }
        key("risk_coverage")
        array(evaluation.points) { json, point in
            json.beginObject()
            json.member("threshold", point.threshold)
            json.member("coverage", point.coverage)
            json.member("accuracy", point.accuracy)
            json.endObject()
        }
        key("reliability")
        array(evaluation.bins.filter { $0.count > 0 }) { json, bin in
            json.beginObject()
            json.member("texts", Double(bin.count))
            json.member("confidence", bin.confidence)
            json.member("accuracy", bin.accuracy)
            json.endObject()
        }
    }
}
