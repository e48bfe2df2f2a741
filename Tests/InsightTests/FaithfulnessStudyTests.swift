// The study on models whose true weights are known.

import Testing

@testable import Insight

@Suite struct FaithfulnessStudyTests {
    private static let truth = [0.4, -0.2, 0.05, 0.1, -0.05, 0.2]

    private func additive(_ masks: [Mask]) -> [Double] {
        masks.map { mask in
            Self.truth.indices.reduce(0.3) { $0 + (mask[$1] ? Self.truth[$1] : 0) }
        }
    }

    @Test func onAnAdditiveModelEveryMethodIsRight() {
        let contenders: [FaithfulnessStudy.Contender] = [
            .randomOrder, .leaveOneOut, .lime(500), .exactLime, .shapley(500, featureCount: 6),
        ]
        let study = FaithfulnessStudy(contenders, seeds: [0, 1, 2])
        let measures = study.measure(featureCount: 6, score: additive)
        let best = measures[1].faithfulness
        for method in measures.dropFirst() {
            #expect(abs(method.faithfulness.comprehensiveness - best.comprehensiveness) < 1e-9)
            #expect((method.fit ?? 0) > 0.99)
            #expect(method.sameTop == 1)
        }
        #expect(measures[0].faithfulness.comprehensiveness < best.comprehensiveness)
        #expect(measures[0].fit == nil)
        #expect(measures[0].rankCorrelation < 0.9)
    }

    @Test func aVariantIsScoredOnce() {
        var asked: [Mask] = []
        let study = FaithfulnessStudy(
            [.leaveOneOut, .exactLime, .lime(100), .randomOrder], seeds: [0, 1])
        _ = study.measure(featureCount: 6) { masks in
            asked += masks
            return additive(masks)
        }
        #expect(Set(asked).count == asked.count)
        #expect(asked.count <= 64)
    }
}
