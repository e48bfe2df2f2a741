// What training a baseline came to, as JSON.

import Insight
import JSONText
import Training

enum BaselineReport {
    static func json(
        _ outcome: BaselineTraining.Outcome, _ experiment: BaselineExperiment
    ) -> [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.key("output")
        json.string(experiment.output)
        json.key("texts")
        json.int(outcome.trainCount)
        json.key("taught_texts")
        json.int(outcome.taughtCount)
        json.key("dropped_texts")
        json.int(outcome.droppedCount)
        json.key("features")
        json.int(outcome.featureCount)
        json.key("trials")
        json.beginArray()
        for trial in outcome.trials {
            json.beginObject()
            for (key, value) in [
                ("cost", trial.cost), ("interpolation", trial.interpolation),
                ("held_out_accuracy", trial.accuracy),
            ] {
                json.key(key)
                json.double(value)
            }
            json.endObject()
        }
        json.endArray()
        for (key, value) in [
            ("cost", outcome.cost), ("interpolation", outcome.interpolation),
            ("read_seconds", outcome.readSeconds), ("feature_seconds", outcome.featureSeconds),
            ("fit_seconds", outcome.fitSeconds), ("total_seconds", outcome.totalSeconds),
        ] {
            json.key(key)
            json.double(value)
        }
        json.key("converged")
        json.bool(outcome.converged)
        if let test = outcome.test { json.figures("test", test) }
        json.endObject()
        return json.bytes
    }
}
