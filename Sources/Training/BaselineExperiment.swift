// A declarative file that trains a linear baseline. JSON5; every key is checked, an unknown one is
// an error with its line and column; paths are seen from the file's folder.
//
//     {
//       "data": {
//         "train": "reviews.jsonl",
//         "test": "test.jsonl",                                // measured at the end, optional
//         "text_field": "text", "label_field": "label", "id_field": "id",
//         "labels": ["negative", "positive"],                  // the negative one first
//         "ids": "500.txt",                                    // train on these alone, optional
//         "unlabelled": ["reviews.jsonl"]                      // for teaching
//       },
//       "model": {
//         "kind": "ngrams",              // or "vectors", with "vectors": "glove.6B.50d.txt"
//         "recipe": "better",            // or "report"; each part can be set: "order": 3, ...
//         "loss": "logistic",            // or "squared-hinge"
//         "cost": [3, 10, 30],           // C; of several the best in cross-validation is taken
//         "interpolation": [0.5, 1],     // β of NB-SVM; likewise
//         "tolerance": 0.01, "passes": 200       // when the solver of n-grams may stop
//       },
//       "folds": 5, "seed": 1, "output": "model",
//       "coverage": 0.9,                 // label sets that hold the right label so often; optional
//       "teaching": {"teacher": "DIR"},  // label the unlabelled texts: TeachingSettings; optional,
//                                        // with "answers", the precision in which teachers answer
//       "fold_answers": "folds.jsonl"    // what the folds say of texts that they did not learn,
//                                        // as a file that can teach others; optional
//     }
//
// What is chosen by cross-validation is chosen on the texts that are learned; the test texts choose
// nothing.

package import Baselines
internal import JSONText
package import Numerics
package import Weights

package struct BaselineExperiment: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case ngrams, vectors }

    package struct Corpus: Sendable {
        package var train: String
        package var test: String?
        package var ids: String?
        package var unlabelled: [String]
        package var labels: [String]
        package var fields = LabelledTexts.Fields()
    }

    /// What is fitted, and which values are tried.
    package struct Model: Sendable {
        package var kind: Kind
        package var recipe: NGramRecipe
        package var vectors: String?
        package var loss: DualCoordinateDescent.Loss
        package var costs: [Double]
        package var interpolations: [Double]
        package var tolerance: Double
        package var passes: Int
    }

    package struct Teaching: Sendable {
        package var settings: TeachingSettings
        /// In which precision models of encoders answer.
        package var answers: Precision
    }

    package var data: Corpus
    package var model: Model
    package var folds: Int
    package var seed: UInt64
    package var output: String
    /// Of the label sets that the model promises; nil: it promises none.
    package var coverage: Double?
    package var teaching: Teaching?
    /// A file for what the folds say of held-out texts.
    package var foldAnswers: String?

    package init(path: String) throws(WeightsError) {
        try self.init(
            JSONSource(path, dialect: .json5), places: ExperimentPlaces(file: path))
    }

    init(_ source: JSONSource, places: ExperimentPlaces) throws(WeightsError) {
        try source.refuseKeys(otherThan: [
            "data", "model", "folds", "seed", "output", "coverage", "teaching", "fold_answers",
        ])
        guard let dataSource = try source.section("data"),
            let model = try source.section("model")
        else { throw source.error("data and model must be there", source.root) }
        data = try Corpus(dataSource, places)
        self.model = try Model(model, places)
        folds = try source.natural("folds", in: 2...100) ?? 5
        seed = UInt64(try source.natural("seed", in: 0...Int.max) ?? 1)
        guard let output = try source.string("output") else {
            throw source.error("output, the folder to write, is missing", source.root)
        }
        self.output = places.resolve(output)
        coverage = try source.number("coverage", in: 0.5...0.9999)
        teaching = try source.section("teaching").map { section throws(WeightsError) in
            try Teaching(section, places)
        }
        foldAnswers = try source.string("fold_answers").map(places.resolve)
        try checkTeaching(source, dataSource)
    }

    private func checkTeaching(_ source: JSONSource, _ data: JSONSource) throws(WeightsError) {
        guard (teaching != nil) == self.data.unlabelled.isEmpty else { return }
        throw data.error(
            "\"teaching\" labels texts of data's \"unlabelled\": both are named, or neither",
            data.node("unlabelled") ?? source.node("teaching") ?? source.root)
    }
}

extension BaselineExperiment.Model {
    fileprivate init(_ source: JSONSource, _ places: ExperimentPlaces) throws(WeightsError) {
        try source.refuseKeys(otherThan: [
            "kind", "recipe", "vectors", "loss", "cost", "interpolation", "minimum_word_length",
            "keeps_marks", "removes_stop_words", "stems", "order", "weighting", "tolerance",
            "passes",
        ])
        kind = try source.choice("kind", BaselineExperiment.Kind.self) ?? .ngrams
        recipe = try kind == .vectors ? AveragedVectors.recipe : NGramRecipe(named: source)
        vectors = try source.string("vectors").map(places.resolveText)
        if (kind == .vectors) != (vectors != nil) {
            throw source.error("\"vectors\" goes with the kind \"vectors\" alone", source.root)
        }
        loss = try source.choice("loss", DualCoordinateDescent.Loss.self) ?? .logistic
        if kind == .vectors, loss != .logistic {
            throw source.error("vectors are classified by the logistic loss", source.root)
        }
        costs = try source.numbers("cost", in: 1e-6...1e6) ?? [1]
        interpolations = try source.numbers("interpolation", in: 0...1) ?? [1]
        tolerance = try source.number("tolerance", in: 1e-12...1) ?? 0.01
        passes = try source.natural("passes", in: 1...1_000_000) ?? 200
    }
}

extension BaselineExperiment.Teaching {
    fileprivate init(_ source: JSONSource, _ places: ExperimentPlaces) throws(WeightsError) {
        try source.refuseKeys(otherThan: TeachingSettings.choosing + ["answers"])
        settings = try TeachingSettings(source, places)
        guard !settings.asksPrevious else {
            throw source.error("a baseline has no previous step", source.root)
        }
        answers = try source.choice("answers", Precision.self) ?? .f32
    }
}

extension BaselineExperiment.Corpus {
    fileprivate init(_ source: JSONSource, _ places: ExperimentPlaces) throws(WeightsError) {
        try source.refuseKeys(otherThan: [
            "train", "test", "ids", "unlabelled", "labels", "text_field", "label_field",
            "id_field",
        ])
        guard let train = try source.string("train") else {
            throw source.error("train, a file of labelled texts, is missing", source.root)
        }
        self.train = places.resolveText(train)
        test = try source.string("test").map(places.resolveText)
        ids = try source.string("ids").map(places.resolveText)
        unlabelled = (try source.strings("unlabelled") ?? []).map(places.resolveText)
        labels = try source.strings("labels") ?? ["negative", "positive"]
        guard labels.count == 2, labels[0] != labels[1] else {
            throw source.error(
                "labels must be two different ones, the negative one first; models of the kind "
                    + "\"encoder\" take more", source.node("labels") ?? source.root)
        }
        fields.text = try source.string("text_field") ?? fields.text
        fields.label = try source.string("label_field") ?? fields.label
        fields.id = try source.string("id_field") ?? fields.id
    }
}

private enum NamedRecipe: String, CaseIterable { case report, better }

extension NGramRecipe {
    /// A named recipe, with the parts that the section sets in its place.
    fileprivate init(named source: JSONSource) throws(WeightsError) {
        switch try source.choice("recipe", NamedRecipe.self) ?? .better {
        case .report: self = .report
        case .better: self = .better
        }
        minimumWordLength =
            try source.natural("minimum_word_length", in: 1...100) ?? minimumWordLength
        keepsMarks = try source.flag("keeps_marks") ?? keepsMarks
        removesStopWords = try source.flag("removes_stop_words") ?? removesStopWords
        stems = try source.flag("stems") ?? stems
        order = try source.natural("order", in: 1...Limits.order) ?? order
        weighting = try source.choice("weighting", Weighting.self) ?? weighting
        if weighting == .mean {
            throw source.error(
                "n-grams are weighed \"binary\" or \"idf\"", source.node("weighting") ?? source.root
            )
        }
    }
}
