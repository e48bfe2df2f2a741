// What a run did, for report.json: written by a run, read again where runs are summed up.

package import Insight
internal import JSONText

package struct StepReport: Sendable {
    package var kind: TrainingStep.Kind
    package var state: FitState?
    package var seconds: Double
    package var texts: Int
    package var tokens: Int
    /// Of texts that had to be cut.
    package var truncated: Int
    /// Updates in one pass over its texts.
    package var updatesInEpoch: Int
    package var updates: Int
    /// Whatever else is worth reporting, in the step's words.
    package var notes: [(key: String, value: String)]
}

package struct RunReport: Sendable {
    package var seed: UInt64
    package var output: String
    /// In the order of the figures; of an encoder alone there are none.
    package var labels: [String]
    /// Of what counts of the experiment's file.
    package var experimentHash: String
    package var baseRevision: String
    package var dataHash: String
    /// Of the test file's bytes; nil: there is none.
    package var testHash: String?
    package var trainCount: Int
    package var devCount: Int
    package var unlabelledCount: Int
    package var droppedLabelled: Int
    package var droppedUnlabelled: Int
    /// Revisions of the teachers that were there before the run.
    package var teachers: [String]
    package var steps: [StepReport]
    package var heldOut: ScoredLogits?
    package var temperature: Double
    /// Of the test texts, by the code that serves the written folder.
    package var test: [Prediction]?
    package var seconds: Double
    package var peakBytes: Int

    package var testAccuracy: Double? {
        test.map { Double($0.count(where: \.isRight)) / Double(max(1, $0.count)) }
    }

    package func json(experiment: [UInt8]) -> [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("output", output)
        json.member("seed", seed)
        json.member("experiment_hash", experimentHash)
        json.member("base_revision", baseRevision)
        json.member("data_hash", dataHash)
        if let testHash { json.member("test_hash", testHash) }
        writeCounts(to: &json)
        json.member("teachers", teachers)
        json.key("steps")
        json.array(steps) { $1.write(to: &$0) }
        if let heldOut, !heldOut.truths.isEmpty {
            json.figures(
                "held_out", heldOut.predictions(temperature: temperature), labels: labels)
        }
        json.member("temperature", temperature)
        if let test { json.figures("test", test, labels: labels) }
        json.member("seconds", seconds)
        json.member("peak_bytes", peakBytes)
        json.member("experiment", utf8: experiment)
        json.endObject()
        return json.bytes
    }

    private func writeCounts(to json: inout JSONWriter) {
        json.key("texts")
        json.beginObject()
        json.member("train", trainCount)
        json.member("dev", devCount)
        json.member("unlabelled", unlabelledCount)
        json.member("dropped_labelled", droppedLabelled)
        json.member("dropped_unlabelled", droppedUnlabelled)
        json.endObject()
    }
}

/// What a summary of runs needs from a finished run's report.
package struct RunFigures: Sendable {
    /// Nil: it has no test texts.
    package let testAccuracy: Double?
    /// Of its steps.
    package let seconds: Double

    init(_ report: JSONNode) {
        testAccuracy = report["test"]?["accuracy"]?.double
        seconds = report["seconds"]?.double ?? 0
    }
}

extension StepReport {
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("do", kind.rawValue)
        json.member("seconds", seconds)
        json.member("texts", texts)
        json.member("tokens", tokens)
        json.member("truncated", truncated)
        json.member("updates", updates)
        json.member("updates_in_epoch", updatesInEpoch)
        for (key, value) in notes { json.member(key, value) }
        if let state {
            json.key("fit")
            state.write(to: &json)
        }
        json.endObject()
    }

    init?(_ node: JSONNode) {
        guard let kind = node["do"]?.string.flatMap(TrainingStep.Kind.init),
            let seconds = node["seconds"]?.double, let texts = node["texts"]?.int,
            let tokens = node["tokens"]?.int, let truncated = node["truncated"]?.int,
            let updates = node["updates"]?.int, let inEpoch = node["updates_in_epoch"]?.int
        else { return nil }
        self.kind = kind
        self.seconds = seconds
        self.texts = texts
        self.tokens = tokens
        self.truncated = truncated
        self.updates = updates
        updatesInEpoch = inEpoch
        state = node["fit"].flatMap(FitState.init)
        let known = [
            "do", "seconds", "texts", "tokens", "truncated", "updates", "updates_in_epoch", "fit",
        ]
        notes = (node.object ?? []).filter { !known.contains($0.nameText) }.map {
            ($0.nameText, $0.node.string ?? "")
        }
    }
}

extension JSONWriter {
    /// Accuracy with its interval, calibration, how many of each label's texts were found, and what
    /// they were given: a row a truth.
    package mutating func figures(
        _ name: String, _ predictions: [Prediction], labels: [String]
    ) {
        let confusion = Confusion(predictions)
        let right = confusion.rightCount
        let accuracy = Double(right) / Double(max(1, predictions.count))
        let interval = wilsonInterval(successes: right, of: predictions.count)
        let bins = Calibration.bins(predictions)
        let equal = Calibration.equalMassBins(predictions)
        key(name)
        beginObject()
        member("texts", predictions.count)
        member("accuracy", accuracy)
        member("accuracy_low", interval.lowerBound)
        member("accuracy_high", interval.upperBound)
        member("calibration_error", Calibration.expectedError(of: bins))
        member("calibration_error_equal_mass", Calibration.expectedError(of: equal))
        member("brier", Calibration.brier(predictions))
        member("balanced_accuracy", confusion.balancedAccuracy)
        member("macro_f1", confusion.macroF1)
        member("labels", labels)
        key("recalls")
        array(confusion.recalls) { $0.double($1 ?? .nan) }
        key("confusion")
        array(confusion.counts) { $0.counts($1) }
        endObject()
    }

    /// In one line: there are as many as labels, by as many.
    private mutating func counts(_ row: [Int]) {
        var json = JSONWriter()
        json.array(row) { $0.int($1) }
        raw(json.bytes)
    }
}
