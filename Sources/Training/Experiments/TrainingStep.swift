// The steps of an experiment, each from a model to a model.
//
//     {"do": "masked", "texts": 20000, "epochs": 1}            further pretraining (step 2)
//     {"do": "frozen", "cost": [0.01, 0.1, 1]}                 features and a linear head (step 4)
//     {"do": "tune", "train": "full", "epochs": 10, ...}       fine-tuning (step 3)
//     {"do": "distil", "teacher": "DIR", ...}                  learns a teacher's answers (step 5)
//
// A step takes up where the one before it ended; "from": "base" begins with the base again. Of a
// distilling step's teachers see TeachingSettings.

internal import JSONText
package import Weights

package enum TrainingStep: Sendable {
    case frozen(FrozenSettings)
    case masked(MaskedSettings)
    case tune(FitSettings)
    case distil(DistilSettings)

    package enum Kind: String, Sendable, CaseIterable { case frozen, masked, tune, distil }

    package init(_ source: JSONSource, _ places: ExperimentPlaces) throws(WeightsError) {
        guard let kind = try source.choice("do", Kind.self) else {
            let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw source.error("do is missing: one of \(names)", source.root)
        }
        self =
            switch kind {
            case .frozen: .frozen(try FrozenSettings(source))
            case .masked: .masked(try MaskedSettings(source))
            case .tune: .tune(try FitSettings(source, others: ["do"]))
            case .distil: .distil(try DistilSettings(source, places))
            }
    }

    package var kind: Kind {
        switch self {
        case .frozen: .frozen
        case .masked: .masked
        case .tune: .tune
        case .distil: .distil
        }
    }

    /// How it goes through its texts; nil for one that solves.
    package var fit: FitSettings? {
        switch self {
        case .frozen: nil
        case .masked(let settings): settings.fit
        case .tune(let fit): fit
        case .distil(let settings): settings.fit
        }
    }

    var needsUnlabelled: Bool {
        switch self {
        case .masked: true
        case .distil: true
        case .frozen, .tune: false
        }
    }

    var givesClassifier: Bool { kind != .masked }
}

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
                "\(key) is of steps that learn labels: masked words have neither a classifier nor "
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

extension JSONSource {
    /// A number or a list of numbers, at least one.
    func numbers(
        _ key: String, in range: ClosedRange<Double>
    ) throws(WeightsError) -> [Double]? {
        guard let node = node(key) else { return nil }
        let numbers = (node.array ?? [node]).compactMap(\.double)
        guard !numbers.isEmpty, numbers.count == (node.array?.count ?? 1),
            numbers.allSatisfy(range.contains)
        else {
            throw error(
                "\(key) must be one or more numbers from \(range.lowerBound) to "
                    + "\(range.upperBound)", node)
        }
        return numbers
    }
}
