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

    /// Of a text, where the step reads other lengths than the model.
    package var maxTokens: Int? {
        if case .masked(let settings) = self { settings.maxTokens } else { nil }
    }

    /// Of all that a step draws, by its number from 1 on.
    package static func seed(_ number: Int, ofRun seed: UInt64) -> UInt64 {
        mixed(seed, UInt64(number))
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
