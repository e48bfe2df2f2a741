// A linear model, as the service sees it.

internal import Baselines
internal import TextflixProtocol
internal import Weights

internal import func Glibc.exp

extension ServedModel {
    convenience init(_ source: ModelSource, _ model: LinearTextModel, number: UInt32) {
        let settings = model.settings
        let temperature = settings.temperature
        self.init(
            number: number, head: .sequence, labels: model.labels,
            probabilities: { logits in
                let positive = Float(1 / (1 + exp(-Double(logits[1]) / temperature)))
                return [1 - positive, positive]
            },
            abstainBelow: Float(settings.abstainBelow),
            labelSetThreshold: settings.conformal.map { Float($0.threshold) }, truncation: .head,
            maxTokens: .max, layerCount: 1, computation: .linear(model),
            status: ModelStatus(
                name: source.name, architecture: "LinearNGrams", precision: "f32",
                labels: model.labels, revision: model.revision.short,
                mappedBytes: UInt64(model.mappedBytes),
                precisionReason: "a linear model has no other", state: .ready,
                temperature: Float(temperature), abstainBelow: Float(settings.abstainBelow)))
    }
}
