// Measures of quality against scipy and scikit-learn (Tests/Golden/insight/make_statistics.py).

import Insight
import JSONText
import Testing

@Suite struct StatisticsTests {
    let golden: JSONNode
    let predictions: [Prediction]

    init() throws {
        golden = try Golden.read("statistics.json")
        let truths = golden["truths"]?.ints ?? []
        let rows = golden["probabilities"]?.array ?? []
        predictions = zip(rows, truths).map { row, truth in
            Prediction(probabilities: row.doubles, truth: truth)
        }
    }

    private func expected(_ name: String) -> Double { golden[name]?.double ?? .nan }

    @Test func confusionAndRates() {
        var confusion = Confusion(labelCount: 3)
        for prediction in predictions {
            confusion.record(truth: prediction.truth, given: prediction.label)
        }
        #expect(confusion.counts == golden["confusion"]?.array?.map(\.ints))
        #expect(abs(confusion.balancedAccuracy - expected("balanced")) < 1e-12)
        let f1 = (0..<3).compactMap { confusion.f1(of: $0) }
        #expect(largestGap(f1, golden["f1"]?.doubles ?? []) < 1e-12)
        #expect(abs(confusion.macroF1 - f1.reduce(0, +) / 3) < 1e-12)
    }

    @Test func calibration() {
        let width = Calibration.expectedError(of: Calibration.bins(predictions))
        #expect(abs(width - expected("ece")) < 1e-12)
        let mass = Calibration.expectedError(of: Calibration.equalMassBins(predictions))
        #expect(abs(mass - expected("ece_mass")) < 1e-12)
        #expect(abs(Calibration.brier(predictions) - expected("brier")) < 1e-12)
    }

    @Test func rocAreaIsScikitLearns() throws {
        for row in try #require(golden["roc_auc"]?.array) {
            let (classes, ranks) = (row.array?[0].ints ?? [], row.array?[1].doubles ?? [])
            let predictions = zip(classes, ranks).map { truth, p in
                Prediction(probabilities: [1 - p, p], truth: truth)
            }
            let found = try #require(Evaluation(predictions, labelCount: 2, resamples: 0).rocArea)
            #expect(abs(found - (row.array?[2].double ?? .nan)) < 1e-12)
            // Of the other label it is the same.
            let turned = predictions.map {
                Prediction(probabilities: $0.probabilities.reversed(), truth: 1 - $0.truth)
            }
            let same = try #require(RankStatistics.rocArea(turned))
            #expect(abs(same - found) < 1e-12)
        }
    }

    @Test func rocAreaIsOfTwoLabelsThatOccur() {
        #expect(RankStatistics.rocArea(predictions) == nil)
        let alone = [0.2, 0.9].map { Prediction(probabilities: [1 - $0, $0], truth: 1) }
        #expect(RankStatistics.rocArea(alone) == nil)
        #expect(RankStatistics.rocArea([]) == nil)
    }

    @Test func probabilitiesOfOneLabelSumToOne() {
        #expect(predictions.map(\.probabilities.isDistribution) == predictions.map { _ in true })
        let others: [[Double]] = [[0.9, 0.9], [0.1, 0.2, 0.1], [.nan, 1], []]
        #expect(others.map(\.isDistribution) == others.map { _ in false })
    }

    @Test(arguments: [(0.0, "temperature"), (20.0, "temperature_shrunk")])
    func temperature(_ shrinkage: Double, _ name: String) {
        let logits = golden["logits"]?.array?.map(\.doubles) ?? []
        let truths = golden["truths"]?.ints ?? []
        let found = Calibration.temperature(logits: logits, truths: truths, shrinkage: shrinkage)
        // The search stops at 1e-6 of its interval in log T, which is 6 wide.
        #expect(abs(found - expected(name)) < 1e-5 * found)
    }

    @Test func answersWhenSure() {
        let evaluation = Evaluation(predictions, labelCount: 3, resamples: 0)
        #expect(abs(evaluation.riskCoverage.value - expected("aurc")) < 1e-12)
        let threshold = SelectiveAnswers.conformalThreshold(heldOut: predictions, alpha: 0.1)
        #expect(abs(threshold - expected("conformal")) < 1e-12)
        let points = SelectiveAnswers.points(predictions, thresholds: [0, 2])
        #expect(points[0].coverage == 1 && points[1].coverage == 0)
    }

    @Test func intervalsAndTests() throws {
        for row in try #require(golden["wilson"]?.array) {
            let values = row.doubles
            let found = wilsonInterval(successes: Int(values[0]), of: Int(values[1]))
            #expect(
                largestGap([found.lowerBound, found.upperBound], [values[2], values[3]]) < 1e-12)
        }
        for row in try #require(golden["mcnemar"]?.array) {
            let values = row.doubles
            let found = mcNemar(onlyFirst: Int(values[0]), onlySecond: Int(values[1]))
            #expect(abs(found.exact - values[2]) < 1e-9)
        }
        let columns = golden["spearman"]?.array ?? []
        #expect(abs(spearman(columns[0].doubles, columns[1].doubles) - columns[2].double!) < 1e-12)
    }

    @Test func faithfulnessOfAnAdditiveModel() {
        // Ten features, the first worth 0.5, the others nothing.
        let order = Array(0..<10)
        let scores = Faithfulness.masks(order: order).map { $0[0] ? 0.75 : 0.25 }
        let found = Faithfulness(scores: scores)
        #expect(found.comprehensiveness == 0.5)
        #expect(found.sufficiency == 0)
        // The curve is 0.75 once, then 0.25: ten trapezoids.
        #expect(abs(found.deletionArea - 0.275) < 1e-12)
    }
}
