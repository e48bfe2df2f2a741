// An experiment's file, by the kind of model that it trains: "encoder", or one of the baselines.

internal import JSONText
package import Weights

package enum Experiment: Sendable {
    case baseline(BaselineExperiment)
    case encoder(EncoderExperiment)

    /// - Parameter texts: the folder that relative paths of texts are seen from, if not the file's.
    package init(path: String, texts: String? = nil) throws(WeightsError) {
        let source = try JSONSource(path, dialect: .json5, mayBePipe: true)
        let places = ExperimentPlaces(file: path, texts: texts)
        switch try Self.kind(source) {
        case .encoder: self = .encoder(try EncoderExperiment(source, places: places))
        case .ngrams, .vectors:
            self = .baseline(try BaselineExperiment(source, places: places))
        }
    }

    private enum Kind: String, CaseIterable { case encoder, ngrams, vectors }

    private static func kind(_ source: JSONSource) throws(WeightsError) -> Kind {
        let model = try source.section("model")
        if let kind = try model?.choice("kind", Kind.self) { return kind }
        if let model, source.node("steps") != nil || model.node("base") != nil {
            throw model.error(
                "kind is missing: steps and a base are of the kind \"encoder\"", model.root)
        }
        return .ngrams
    }

    package var output: String {
        get {
            switch self {
            case .baseline(let experiment): experiment.output
            case .encoder(let experiment): experiment.output
            }
        }
        set {
            switch self {
            case .baseline(var experiment):
                experiment.output = newValue
                self = .baseline(experiment)
            case .encoder(var experiment):
                experiment.output = newValue
                self = .encoder(experiment)
            }
        }
    }
}
