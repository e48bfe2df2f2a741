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
        json.member("output", experiment.output)
        json.member("texts", outcome.trainCount)
        json.member("taught_texts", outcome.taughtCount)
        json.member("dropped_texts", outcome.droppedCount)
        json.member("features", outcome.featureCount)
        json.key("trials")
        json.array(outcome.trials) { json, trial in
            json.beginObject()
            json.member("cost", trial.cost)
            json.member("interpolation", trial.interpolation)
            json.member("held_out_accuracy", trial.accuracy)
            json.member("held_out_log_loss", trial.logLoss)
            json.endObject()
        }
        json.member("cost", outcome.cost)
        json.member("interpolation", outcome.interpolation)
        json.member("read_seconds", outcome.readSeconds)
        json.member("feature_seconds", outcome.featureSeconds)
        json.member("fit_seconds", outcome.fitSeconds)
        json.member("total_seconds", outcome.totalSeconds)
        json.member("converged", outcome.converged)
        if let test = outcome.test { json.figures("test", test, labels: experiment.data.labels) }
        json.endObject()
        return json.bytes
    }
}
