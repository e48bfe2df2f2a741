// A declarative file that trains an encoder: which texts, which model, which steps. JSON5; every
// key is checked, an unknown one is an error with its line and column.
//
//     {
//       "data": {
//         "train": "train.jsonl",                       // labelled texts
//         "ids": "subsets/500-s{seed}.txt",             // train on these alone, optional
//         "test": "test.jsonl",                         // measured after all else, optional
//         "unlabelled": ["train.jsonl"],                // only text and id are read of these
//         "labels": ["negative", "positive"],
//         "text_field": "text", "label_field": "label", "id_field": "id",
//         "dev_share": 0.2                              // held out: stopping and temperature
//       },
//       "model": {
//         "kind": "encoder",
//         "base": "~/.cache/textflix/models/minilm",    // any model folder of an encoder
//         "head": "linear",                             // or "pooler", BERT's own on [CLS]
//         "pooling": "mean",                            // or "cls"; of a linear head
//         "max_tokens": 256, "truncation": "head_and_tail",      // or "head"
//         "precision": "bf16",   // of products, where the processor has it; all else is f32
//         "weights": "f32",                             // or "bf16": of the written file
//         "answers": "int8"                             // of finished models: teachers, the test
//       },
//       "steps": [ {"do": "tune", ...}, ... ],          // see TrainingStep
//       "coverage": 0.9,                   // of label sets: how often they hold the right one
//       "seeds": [0, 1, 2], "output": "out",
//       "checkpoint_seconds": 300
//     }
//
// A file whose steps are all "masked" learns no label and makes an encoder, for other files to
// begin with: of `data` it has unlabelled texts, and a test file that they must not repeat.
//
// Relative paths are seen from the file's folder, those of texts from another where one is given;
// `~/` is the user's home. `{seed}` in `ids`, `output` and a teacher's path is the seed's number.
// With several seeds and no `{seed}` in it, `output` has a folder `seed-N` for each.

internal import JSONText
package import Numerics
package import Weights

package struct EncoderExperiment: Sendable {
    package struct Texts: Sendable {
        /// Nil where no label is learned; `labels` is empty then.
        package var train: String?
        package var test: String?
        package var unlabelled: [String]
        package var ids: String?
        package var labels: [String]
        package var fields = LabelledTexts.Fields()
        package var devShare: Double
    }

    package enum HeadKind: String, Sendable, CaseIterable { case linear, pooler }

    package struct Model: Sendable {
        package var base: String
        package var head: HeadKind
        package var pooling: ModelSettings.Pooling
        package var maxTokens: Int
        package var truncation: ModelSettings.Truncation
        package var precision: Precision
        package var weights: ElementType
        /// Of finished models, by the engine that serves them: teachers, and the tested one.
        package var answers: Precision
    }

    package var data: Texts
    package var model: Model
    package var steps: [TrainingStep]
    /// Promised of label sets, by the held-out texts; nil: none are promised.
    package var coverage: Double?
    package var seeds: [UInt64] { didSet { isSeries = isSeries || seeds.count > 1 } }
    /// Whether the seed must be part of a run's folder: the seeds in the file count.
    package private(set) var isSeries = false
    package var output: String
    package var checkpointSeconds: Double
    /// The file as it was written: it goes into the report.
    package let source: [UInt8]
    /// Of each step, what its section says but for the teachers' paths; see `hash(ofStep:)`.
    let saidOfSteps: [[UInt8]]
    /// Otherwise its model is an encoder alone.
    package var makesClassifier: Bool { steps.contains(where: \.givesClassifier) }

    package init(_ source: JSONSource, places: ExperimentPlaces) throws(WeightsError) {
        try source.refuseKeys(otherThan: [
            "data", "model", "steps", "seed", "seeds", "output", "checkpoint_seconds", "coverage",
        ])
        guard let texts = try source.section("data"), let model = try source.section("model")
        else { throw source.error("data and model must be there", source.root) }
        guard let steps = try source.sections("steps"), !steps.isEmpty else {
            throw source.error("steps, a list of at least one, is missing", source.root)
        }
        self.steps = []
        for step in steps { self.steps.append(try TrainingStep(step, places)) }
        let learnsLabels = self.steps.contains(where: \.givesClassifier)
        data = try learnsLabels ? Texts(texts, places) : Texts(unlabelled: texts, places)
        self.model = try Model(model, places)
        if !learnsLabels { try Self.refuseKeysOfClassifiers(source, model) }
        seeds = try Self.seeds(source)
        isSeries = seeds.count > 1
        guard let output = try source.string("output") else {
            throw source.error("output, the folder to write, is missing", source.root)
        }
        self.output = places.resolve(output)
        checkpointSeconds = try source.number("checkpoint_seconds", in: 1...86_400) ?? 300
        coverage = try source.number("coverage", in: 0.5...0.9999)
        if let node = source.node("coverage"), data.devShare == 0 {
            throw source.error("coverage needs held-out texts: a dev_share above 0", node)
        }
        self.source = source.bytes
        saidOfSteps = steps.map { $0.root.said(without: ["teacher"]) }
        try checkOrder(steps)
    }

    /// They would do nothing where no label is learned.
    private static func refuseKeysOfClassifiers(
        _ source: JSONSource, _ model: JSONSource
    ) throws(WeightsError) {
        for (section, key) in [
            (source, "coverage"), (model, "head"), (model, "pooling"), (model, "answers"),
        ] {
            guard let node = section.node(key) else { continue }
            throw section.error(
                "\(key) is for classifiers: steps of masked words alone make an encoder", node)
        }
    }

    /// Those that exist before a run: model folders and files of answers.
    func teachers(seed: UInt64) -> [String] {
        steps.flatMap { step -> [String] in
            guard case .distil(let settings) = step else { return [] }
            return settings.teaching.given(seed: seed)
        }
    }

    private static func seeds(_ source: JSONSource) throws(WeightsError) -> [UInt64] {
        if let seed = try source.natural("seed", in: 0...Int.max) {
            guard source.node("seeds") == nil else {
                throw source.error("seed and seeds are the same: give one", source.root)
            }
            return [UInt64(seed)]
        }
        guard let node = source.node("seeds") else { return [0] }
        let numbers = (node.array ?? []).compactMap(\.int).filter { $0 >= 0 }
        guard !numbers.isEmpty, numbers.count == node.array?.count,
            Set(numbers).count == numbers.count
        else { throw source.error("seeds must be different whole numbers", node) }
        return numbers.map(UInt64.init)
    }

    /// What a step needs from the ones before it, and from the data.
    private func checkOrder(_ sections: [JSONSource]) throws(WeightsError) {
        for (index, (step, section)) in zip(steps, sections).enumerated() {
            let isLast = index == steps.count - 1
            if step.needsUnlabelled, data.unlabelled.isEmpty {
                throw section.error(
                    "this step learns from unlabelled texts: name files of them under data, "
                        + "unlabelled", section.root)
            }
            if case .distil(let settings) = step, settings.teaching.asksPrevious,
                index == 0 || !steps[index - 1].givesClassifier
            {
                throw section.error(
                    "\"previous\" is the teacher, but the step before makes no classifier",
                    section.root)
            }
            if isLast, !step.givesClassifier, makesClassifier {
                throw section.error(
                    "the last step must make a classifier, or none of them: masked words would "
                        + "undo what the steps before learned from labels", section.root)
            }
            if let fit = step.fit, fit.freshLayers > 0,
                fit.adapter != nil || fit.extent == .head
            {
                throw section.error(
                    "fresh_layers are layers to train: they go with train \"full\"", section.root)
            }
            guard step.fit?.adapter != nil else { continue }
            if !isLast {
                throw section.error("a step with adapters must be the last one", section.root)
            }
            if model.head == .pooler {
                throw section.error("adapters go with the linear head", section.root)
            }
        }
    }
}

extension EncoderExperiment.Texts {
    /// Of steps that learn labels.
    fileprivate init(
        _ source: JSONSource, _ places: ExperimentPlaces
    ) throws(WeightsError) {
        try source.refuseKeys(otherThan: [
            "train", "test", "unlabelled", "ids", "labels", "text_field", "label_field",
            "id_field", "dev_share",
        ])
        guard let train = try source.string("train") else {
            throw source.error("train, a file of labelled texts, is missing", source.root)
        }
        self.train = places.resolveText(train)
        test = try source.string("test").map(places.resolveText)
        unlabelled = (try source.strings("unlabelled") ?? []).map(places.resolveText)
        ids = try source.string("ids").map(places.resolveText)
        labels = try source.strings("labels") ?? ["negative", "positive"]
        guard labels.count > 1, Set(labels).count == labels.count else {
            throw source.error(
                "labels must be at least two different ones", source.node("labels") ?? source.root)
        }
        for label in labels
        where label.allSatisfy(\.isWhitespace) || label.unicodeScalars.contains(where: isControl) {
            throw source.error(
                "a label must have letters and stand in one line, not \(label.debugDescription)",
                source.node("labels") ?? source.root)
        }
        fields.text = try source.string("text_field") ?? fields.text
        fields.label = try source.string("label_field") ?? fields.label
        fields.id = try source.string("id_field") ?? fields.id
        devShare = try source.number("dev_share", in: 0...0.9) ?? 0.2
    }

    /// Of steps that learn none.
    fileprivate init(
        unlabelled source: JSONSource, _ places: ExperimentPlaces
    ) throws(WeightsError) {
        for key in ["train", "ids", "labels", "label_field", "dev_share"] {
            guard let node = source.node(key) else { continue }
            throw source.error(
                "\(key) is for labelled texts: masked words alone learn from unlabelled ones", node)
        }
        try source.refuseKeys(otherThan: ["test", "unlabelled", "text_field", "id_field"])
        test = try source.string("test").map(places.resolveText)
        unlabelled = (try source.strings("unlabelled") ?? []).map(places.resolveText)
        labels = []
        fields.text = try source.string("text_field") ?? fields.text
        fields.id = try source.string("id_field") ?? fields.id
        devShare = 0
    }
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
}

private enum TrainedPrecision: String, CaseIterable { case f32, bf16 }

private enum TrainedTruncation: String, CaseIterable {
    case head
    case headAndTail = "head_and_tail"
}

extension EncoderExperiment.Model {
    /// The base's own limit is known only when it is opened.
    static let tokenRange = 3...65_536

    /// Of the features that a frozen encoder gives: what the head would read, were it tuned.
    var frozenPooling: ModelSettings.Pooling { head == .pooler ? .cls : pooling }

    fileprivate init(
        _ source: JSONSource, _ places: ExperimentPlaces
    ) throws(WeightsError) {
        try source.refuseKeys(otherThan: [
            "kind", "base", "head", "pooling", "max_tokens", "truncation", "precision", "weights",
            "answers",
        ])
        guard let base = try source.string("base") else {
            throw source.error("base, the folder of a pretrained encoder, is missing", source.root)
        }
        self.base = places.resolve(base)
        head = try source.choice("head", EncoderExperiment.HeadKind.self) ?? .linear
        pooling = try source.choice("pooling", ModelSettings.Pooling.self) ?? .mean
        if head == .pooler, source.node("pooling") != nil {
            throw source.error(
                "the pooler reads [CLS]: pooling goes with the linear head",
                source.node("pooling") ?? source.root)
        }
        maxTokens = try source.natural("max_tokens", in: Self.tokenRange) ?? 256
        truncation =
            try source.choice("truncation", TrainedTruncation.self) == .head
            ? .head : .headAndTail
        precision = try source.choice("precision", TrainedPrecision.self) == .bf16 ? .bf16 : .f32
        weights =
            try source.choice("weights", TrainedPrecision.self) == .bf16 ? .bfloat16 : .float32
        answers = try source.choice("answers", Precision.self) ?? precision
    }
}
