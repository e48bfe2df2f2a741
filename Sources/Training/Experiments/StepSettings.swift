// The settings of each kind of step but "tune", whose settings are those of its fit alone.

internal import Weights

/// Features of a frozen encoder, and logistic regression on them.
package struct FrozenSettings: Sendable {
    /// C; of several the best in cross-validation is taken.
    package var costs: [Double]

    init(_ source: JSONSource) throws(WeightsError) {
        try source.refuseKeys(otherThan: ["do", "cost"])
        costs = try source.numbers("cost", in: 1e-6...1e6) ?? [0.001, 0.003, 0.01, 0.03, 0.1, 1]
    }
}

/// Masked words: 15 % of the pieces, of which 80 % are hidden, 10 % swapped, 10 % left.
package struct MaskedSettings: Sendable {
    package var fit: FitSettings
    package var share: Double
    /// So many texts at most, drawn by the seed.
    package var texts: Int?
    package var maxTokens: Int?

    init(_ source: JSONSource) throws(WeightsError) {
        fit = try FitSettings(source, others: ["do", "share", "texts", "max_tokens"])
        share = try source.number("share", in: 0.01...0.9) ?? 0.15
        texts = try source.natural("texts", in: 1...Int.max)
        maxTokens = try source.natural("max_tokens", in: EncoderExperiment.Model.tokenRange)
        if fit.extent != .full {
            throw source.error("masked words train the whole encoder", source.root)
        }
        for key in Self.ofLabels {
            guard let node = source.node(key) else { continue }
            throw source.error(
                "\(key) is for steps that learn labels: masked words have neither a classifier nor "
                    + "held-out texts", node)
        }
    }

    /// Keys of a fit that would do nothing here.
    private static let ofLabels = [
        "label_smoothing", "patience", "evaluations", "keep", "head_dropout",
    ]
}

/// A teacher's answers as soft targets.
package struct DistilSettings: Sendable {
    package var fit: FitSettings
    package var teaching: TeachingSettings
    /// Learn the labelled texts too, so often in an epoch.
    package var labelledTimes: Int

    init(_ source: JSONSource, _ places: ExperimentPlaces) throws(WeightsError) {
        fit = try FitSettings(
            source,
            others: ["do", "labelled"] + TeachingSettings.choosing + TeachingSettings.softness)
        teaching = try TeachingSettings(source, places)
        labelledTimes = try source.natural("labelled", in: 0...1000) ?? 1
    }
}
