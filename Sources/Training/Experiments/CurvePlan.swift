// A file that asks for accuracy over the number of labels, of several experiments. JSON5:
//
//     {
//       "models": {
//         "NB-SVM": "nbsvm.json5",
//         "MPNet": { "experiment": "500-mpnet-full.json5", "labels": [100, 500], "seeds": [0] }
//       },
//       "labels": [10, 50, 100, 200, 500], "seeds": [0, 1, 2],
//       "ids": "subsets/{labels}-s{seed}.txt",        // the texts of a point
//       "reported": { "BERT-large, 2019": { "10": 72.5, "500": [91.0, 0.4] } },   // drawn too
//       "output": "curve"
//     }
//
// Each point is one run of an experiment on the ids of its file; where there is no such file there
// is no point. Nothing else of the experiment changes. A model that takes long may have fewer
// points, by `labels` and `seeds` of its own. A file of `reported` figures alone runs nothing.

internal import JSONText
internal import Syscalls
package import Weights

package struct CurvePlan: Sendable {
    package struct Model: Sendable {
        package let name: String
        package let experiment: Experiment
        /// Of what its file says: a point of another experiment is another point, and is named
        /// by it.
        package let hash: String
        /// Its points alone; nil: all of the curve's.
        package let labels: [Int]?
        package let seeds: [Int]?

        fileprivate func hasPoint(_ count: Int, _ seed: Int) -> Bool {
            labels?.contains(count) ?? true && seeds?.contains(seed) ?? true
        }
    }

    package struct Point: Sendable {
        package let model: Int
        package let labels: Int
        package let seed: Int
        package let ids: String
    }

    package struct Reported: Sendable {
        package struct Point: Sendable, Equatable {
            package let labels: Int
            /// In percent; the mean where there is a deviation.
            package let accuracy: Double
            package let deviation: Double?
        }

        package let name: String
        package let points: [Point]
    }

    package let models: [Model]
    package let points: [Point]
    package let reported: [Reported]
    package var output: String

    package init(path: String, texts: String? = nil) throws(WeightsError) {
        let source = try JSONSource(path, dialect: .json5, mayBePipe: true)
        let places = ExperimentPlaces(file: path, texts: texts)
        try source.refuseKeys(otherThan: [
            "models", "labels", "seeds", "ids", "reported", "output",
        ])
        guard let output = try source.string("output") else {
            throw source.error("output, the folder to write, is missing", source.root)
        }
        self.output = places.resolve(output)
        reported = try Self.reported(source)
        let runsNothing =
            !reported.isEmpty
            && ["models", "labels", "seeds", "ids"].allSatisfy { source.node($0) == nil }
        models = runsNothing ? [] : try Self.models(source, places, texts)
        points = runsNothing ? [] : try Self.points(of: models, source, places)
    }

    private static func points(
        of models: [Model], _ source: JSONSource, _ places: ExperimentPlaces
    ) throws(WeightsError) -> [Point] {
        let labels = try numbers(source, "labels", from: 1)
        let seeds = try numbers(source, "seeds", from: 0)
        guard let ids = try source.string("ids"), ids.contains("{labels}"),
            seeds.count == 1 || ids.contains("{seed}")
        else {
            throw source.error(
                "ids, a path with {labels}, and of several seeds with {seed}, is missing",
                source.node("ids") ?? source.root)
        }
        var points: [Point] = []
        // Few labels first: the picture grows from the left.
        for count in labels.sorted() {
            for seed in seeds {
                let file = TrainingTexts.named(places.resolveText(ids), UInt64(seed))
                    .split(separator: "{labels}", omittingEmptySubsequences: false)
                    .joined(separator: String(count))
                guard fileExists(file) else { continue }
                let listed = try readIdentifiers(file).count
                guard listed == count else {
                    throw source.error(
                        "\(file) lists \(listed) ids: no point at \(count) labels",
                        source.node("ids") ?? source.root)
                }
                points += models.indices.filter { models[$0].hasPoint(count, seed) }.map {
                    Point(model: $0, labels: count, seed: seed, ids: file)
                }
            }
        }
        guard !points.isEmpty else {
            throw source.error("no file of ids exists: \(ids)", source.node("ids") ?? source.root)
        }
        return points
    }

    private static func models(
        _ source: JSONSource, _ places: ExperimentPlaces, _ texts: String?
    ) throws(WeightsError) -> [Model] {
        guard let section = try source.section("models"),
            let members = section.root.object, !members.isEmpty
        else {
            throw source.error(
                "models, an object of names and experiments' files, is missing", source.root)
        }
        var models: [Model] = []
        for member in members {
            let own = member.node.object == nil ? nil : try section.section(member.nameText)
            try own?.refuseKeys(otherThan: ["experiment", "labels", "seeds"])
            let named = own == nil ? member.node.string : try own?.string("experiment")
            guard let named else {
                throw source.error(
                    "\(member.nameText) must be an experiment's file, or an object that names it",
                    member.node)
            }
            let path = places.resolve(named)
            let file = try JSONSource(path, dialect: .json5)
            let experiment = try Experiment(path: path, texts: texts)
            guard experiment.hasTest else {
                throw source.error(
                    "\(member.nameText) measures no classifier on a test file: there is no "
                        + "accuracy to draw",
                    member.node)
            }
            models.append(
                Model(
                    name: member.nameText, experiment: experiment,
                    hash: hash(file.root.said(without: keysOfOneRun)),
                    labels: try ownNumbers(own, "labels", from: 1),
                    seeds: try ownNumbers(own, "seeds", from: 0)))
        }
        return models
    }

    /// Of an experiment's file; a point has its own, or does without.
    private static let keysOfOneRun = ["seeds", "output", "fold_answers", "checkpoint_seconds"]

    private static func hash(_ bytes: [UInt8]) -> String {
        Revision(pieces: [bytes.withUnsafeBytes { ContentHash.xxh64($0) }]).short
    }

    private static func reported(_ source: JSONSource) throws(WeightsError) -> [Reported] {
        guard let node = source.node("reported") else { return [] }
        var all: [Reported] = []
        for member in node.object ?? [] {
            let points = (member.node.object ?? []).compactMap(reportedPoint)
            guard !points.isEmpty, points.count == member.node.object?.count else {
                throw source.error(
                    "\(member.nameText) must map numbers of labels, from 1 on, to percentages, 0 "
                        + "to 100, or to lists of a mean and its deviation", member.node)
            }
            all.append(Reported(name: member.nameText, points: points))
        }
        return all
    }

    /// Of accuracies; their deviations are no larger.
    private static let percentages = 0.0...100

    private static func reportedPoint(_ member: JSONMember) -> Reported.Point? {
        guard let labels = Int(member.nameText), labels > 0 else { return nil }
        if let accuracy = member.node.double {
            guard percentages.contains(accuracy) else { return nil }
            return Reported.Point(labels: labels, accuracy: accuracy, deviation: nil)
        }
        let pair = member.node.array?.compactMap(\.double) ?? []
        guard pair.count == 2, member.node.array?.count == 2,
            pair.allSatisfy(percentages.contains)
        else { return nil }
        return Reported.Point(labels: labels, accuracy: pair[0], deviation: pair[1])
    }

    /// Of a model that has a list of its own.
    private static func ownNumbers(
        _ source: JSONSource?, _ key: String, from least: Int
    ) throws(WeightsError) -> [Int]? {
        guard let source, source.node(key) != nil else { return nil }
        return try numbers(source, key, from: least)
    }

    private static func numbers(
        _ source: JSONSource, _ key: String, from least: Int
    ) throws(WeightsError) -> [Int] {
        let numbers = source.node(key)?.array?.compactMap(\.int) ?? []
        guard !numbers.isEmpty, numbers.count == source.node(key)?.array?.count,
            numbers.allSatisfy({ $0 >= least }), Set(numbers).count == numbers.count
        else {
            throw source.error(
                "\(key) must be a list of whole numbers, from \(least) on, each of them once",
                source.node(key) ?? source.root)
        }
        return numbers
    }
}

extension Experiment {
    fileprivate var hasTest: Bool {
        switch self {
        case .baseline(let experiment): experiment.data.test != nil
        case .encoder(let experiment):
            experiment.data.test != nil && experiment.makesClassifier
        }
    }

    /// The same experiment for one point of a curve.
    package func at(_ point: CurvePlan.Point, output: String) -> Experiment {
        switch self {
        case .baseline(var experiment):
            experiment.data.ids = point.ids
            experiment.output = output
            // Answers of a point's folds are not those of the experiment's own labels.
            experiment.foldAnswers = nil
            return .baseline(experiment)
        case .encoder(var experiment):
            experiment.data.ids = point.ids
            experiment.seeds = [UInt64(point.seed)]
            experiment.output = output
            return .encoder(experiment)
        }
    }
}
