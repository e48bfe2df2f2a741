// An evaluation for programs: one object, names and units fixed (shares are 0...1).

import Insight
import JSONText
import TextRuns
import TextflixProtocol

enum EvaluationJSON {
    static func text(_ report: EvaluationReport) -> String {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.key("model")
        json.string(report.model.name)
        json.key("revision")
        json.string(report.model.revision)
        json.key("file")
        json.string(report.file)
        json.key("labels")
        json.strings(report.model.labels)
        json.key("seed")
        json.int(report.seed)
        json.key("truncated")
        json.int(report.truncated)
        json.key("abstained")
        json.int(report.abstained)
        json.key("failed")
        json.int(report.failed)
        json.write(report.evaluation)
        if let sets = report.labelSets {
            json.key("label_sets")
            json.members([
                ("coverage", sets.coverage.value), ("low", sets.coverage.low),
                ("high", sets.coverage.high), ("mean_size", sets.meanSize),
            ])
        }
        json.key("mistakes")
        json.beginArray()
        for mistake in report.mistakes { write(mistake, report.model.labels, to: &json) }
        json.endArray()
        json.endObject()
        return json.text
    }

    private static func write(_ mistake: Mistake, _ labels: [String], to json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.raw(mistake.item.identity)
        json.key("given")
        json.string(labels[mistake.given])
        json.key("probability")
        json.float(Float(mistake.confidence))
        json.key("truth")
        json.string(labels[mistake.truth])
        json.key("text")
        json.string(utf8: mistake.item.text.utf8)
        json.endObject()
    }
}

extension JSONWriter {
    mutating func strings(_ texts: [String]) {
        beginArray()
        for text in texts { string(text) }
        endArray()
    }

    /// `"accuracy": {"value": 0.8, "low": 0.79, "high": 0.81}`
    mutating func estimate(_ name: String, _ estimate: Estimate) {
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

    /// The members of an evaluation.
    mutating func write(_ evaluation: Evaluation) {
        key("texts")
        int(evaluation.confusion.total)
        estimate("accuracy", evaluation.accuracy)
        estimate("balanced_accuracy", evaluation.balancedAccuracy)
        estimate("calibration_error", evaluation.calibrationError)
        key("calibration_error_equal_mass")
        double(evaluation.equalMassError)
        estimate("brier", evaluation.brier)
        estimate("log_loss", evaluation.logLoss)
        estimate("risk_coverage_area", evaluation.riskCoverage)
        key("confusion")
        beginArray()
        for row in evaluation.confusion.counts {
            beginArray()
            for count in row { int(count) }
            endArray()
        }
        endArray()
        let confusion = evaluation.confusion
        for (name, rates) in [
            ("recalls", confusion.recalls),
            ("f1", confusion.counts.indices.map { confusion.f1(of: $0) }),
        ] {
            key(name)
            beginArray()
            for rate in rates { double(rate ?? .nan) }
            endArray()
        }
        key("risk_coverage")
        beginArray()
        for point in evaluation.points {
            members([
                ("threshold", point.threshold), ("coverage", point.coverage),
                ("accuracy", point.accuracy),
            ])
        }
        endArray()
        key("reliability")
        beginArray()
        for bin in evaluation.bins where bin.count > 0 {
            members([
                ("texts", Double(bin.count)), ("confidence", bin.confidence),
                ("accuracy", bin.accuracy),
            ])
        }
        endArray()
    }

    /// An object of numbers.
    mutating func members(_ numbers: [(String, Double)]) {
        beginObject()
        for (name, number) in numbers {
            key(name)
            double(number)
        }
        endObject()
    }
}
