// What counts of an encoder's file: for each step, for what is written of the last one, and for the
// whole run.
//
// Invariant: what has the same hash here, and begins with the same texts, seed, base and teachers,
// ends with the same model. Those four have hashes of their own, so no path is in here; neither is
// what a step does not read: a change of that leaves the step done.

internal import JSONText
internal import Numerics
internal import Weights

extension EncoderExperiment {
    /// Of what a step's fit depends on.
    func hash(ofStep index: Int) -> UInt64 {
        let step = steps[index]
        var json = JSONWriter()
        json.beginObject()
        json.member("step", raw: saidOfSteps[index])
        json.member("max_tokens", step.maxTokens ?? model.maxTokens)
        json.member("truncation", model.truncation.rawValue)
        if step.fit != nil { json.member("precision", model.precision.rawValue) }
        if step.givesClassifier {
            json.member("labels", data.labels)
            json.member("dev_share", data.devShare)
        }
        switch step {
        case .masked: break
        case .frozen: json.member("pooling", model.frozenPooling.rawValue)
        case .tune, .distil:
            json.member("head", model.head.rawValue)
            json.member("pooling", model.pooling.rawValue)
        }
        if case .distil(let settings) = step {
            json.member("answers", model.answers.rawValue)
            // Which of them is the step before; the others are known by their revisions.
            json.member(
                "teachers",
                settings.teaching.teachers.map { $0 == TeachingSettings.previous ? $0 : "" })
        }
        json.endObject()
        return Self.hash(json)
    }

    /// Of how the last step's model is written, beside its fit.
    var hashOfWriting: UInt64 {
        var json = JSONWriter()
        json.beginObject()
        json.member("weights", model.weights.rawValue)
        if let coverage { json.member("coverage", coverage) }
        json.endObject()
        return Self.hash(json)
    }

    /// Of all steps, and of how their model is written and measured.
    var hash: Revision {
        var json = JSONWriter()
        json.beginObject()
        json.member("answers", model.answers.rawValue)
        json.member("has_test", data.test != nil)
        json.member("fields", [data.fields.text, data.fields.label, data.fields.id])
        json.endObject()
        return Revision(
            pieces: steps.indices.map(hash(ofStep:)) + [hashOfWriting, Self.hash(json)])
    }

    private static func hash(_ json: JSONWriter) -> UInt64 {
        json.bytes.withUnsafeBytes { ContentHash.xxh64($0) }
    }
}
