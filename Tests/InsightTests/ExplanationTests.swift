// Explanations against the reference: equal masks give equal weights, exact forms equal
// definitions, sampled forms stay within the reference's own sampling error.

import Insight
import JSONText
import Testing

/// A text of S features whose scores are a table by mask.
private struct Case: CustomTestStringConvertible, Sendable {
    let node: JSONNode
    var count: Int { node["features"]?.int ?? 0 }
    var table: [Double] { node["table"]?.doubles ?? [] }
    var testDescription: String { "S = \(count)" }

    func numbers(_ form: String, _ field: String) -> [Double] {
        node[form]?[field]?.doubles ?? []
    }

    func explain(
        _ method: ExplanationMethod, samples: Int = 1000, seed: UInt64 = 1
    ) -> Explanation {
        let plan = ExplanationPlan(
            method: method, featureCount: count, samples: samples, seed: seed)
        return plan.solve(scores(plan.masks))
    }

    func scores(_ masks: [Mask]) -> [Double] {
        masks.map { mask in
            table[(0..<count).reduce(0) { $0 | (mask[$1] ? 1 << $1 : 0) }]
        }
    }

    static func all() -> [Case] {
        ["golden.json", "model.json"].flatMap { name in
            ((try? Golden.read(name))?["cases"]?.array ?? []).map(Case.init)
        }
    }
}

@Suite struct ExplanationTests {
    @Test func goldenCasesAreThere() { #expect(Case.all().count == 6) }

    @Test(arguments: Case.all())
    fileprivate func sameMasksGiveTheReferencesWeights(_ example: Case) {
        var masks: [Mask] = []
        var draws: [Double] = []
        for bits in example.node["rows"]?.ints ?? [] {
            let mask = Mask(count: example.count, bits: UInt64(bits))
            if let known = masks.firstIndex(of: mask) {
                draws[known] += 1
            } else {
                masks.append(mask)
                draws.append(1)
            }
        }
        let plan = ExplanationPlan(method: .lime, masks: masks, draws: draws)
        let found = plan.solve(example.scores(masks))
        #expect(largestGap(found.weights, example.numbers("ridge", "weights")) < 1e-9)
        #expect(abs(found.intercept - (example.node["ridge"]?["intercept"]?.double ?? 0)) < 1e-9)
        #expect(abs(found.fidelity - (example.node["ridge"]?["r2"]?.double ?? 0)) < 1e-9)
    }

    @Test(arguments: Case.all())
    fileprivate func exactFormsEqualTheirDefinitions(_ example: Case) {
        let exact = example.explain(.exactLime)
        #expect(largestGap(exact.weights, example.numbers("exact", "weights")) < 1e-9)
        #expect(abs(exact.intercept - (example.node["exact"]?["intercept"]?.double ?? 0)) < 1e-9)
        let shapley = example.explain(.shapley)
        #expect(largestGap(shapley.weights, example.node["shapley"]?.doubles ?? []) < 1e-7)
        #expect(exact.evaluations == 1 << example.count)
    }

    /// The first so many of all variants are as good as so many that were drawn (mean of 20 seeds).
    @Test(arguments: Case.all().filter { $0.count >= 5 })
    fileprivate func aPartOfTheMasksIsASmallerSample(_ example: Case) throws {
        let plan = ExplanationPlan(
            method: .exactLime, featureCount: example.count, samples: 0, seed: 0)
        let scores = example.scores(plan.masks)
        let exact = plan.solve(scores).weights
        let count = max(3 * example.count, plan.masks.count / 4)
        let part = try #require(plan.reduced(to: plan.masks.indices.map { $0 < count }))
        let found = part.solve(Array(scores[..<count]))
        let drawn = (0..<20).map { seed in
            largestGap(example.explain(.lime, samples: count, seed: UInt64(seed)).weights, exact)
        }
        let mean = drawn.reduce(0, +) / Double(drawn.count)
        #expect(largestGap(found.weights, exact) < 1.25 * mean)
        #expect(found.evaluations == count && part.isDrawn)
    }

    @Test func tooFewMasksAreNoSample() {
        let plan = ExplanationPlan(method: .exactLime, featureCount: 6, samples: 0, seed: 0)
        #expect(plan.reduced(to: plan.masks.indices.map { $0 == 0 }) == nil)
        #expect(plan.reduced(to: plan.masks.map { $0[0] }) == nil)
        #expect(plan.reduced(to: plan.masks.map { _ in true })?.method == .exactLime)
        let single = ExplanationPlan(method: .leaveOneOut, featureCount: 6, samples: 0, seed: 0)
        #expect(single.reduced(to: single.masks.indices.map { $0 < 6 }) == nil)
    }

    /// Ten of the reference's own runs at the same number of rows: five deviations, and the ridge's
    /// pull (α = 1 against 5000 rows) on top.
    @Test(arguments: Case.all())
    fileprivate func ownMasksStayWithinSamplingError(_ example: Case) {
        let found = example.explain(.lime, samples: 5000, seed: 3)
        let mean = example.numbers("sampled", "mean")
        let deviation = example.numbers("sampled", "deviation")
        for index in mean.indices {
            #expect(abs(found.weights[index] - mean[index]) < 5 * deviation[index] + 1e-3)
        }
    }

    @Test(arguments: Case.all())
    fileprivate func weightsAddUpForShapley(_ example: Case) {
        let weights = example.explain(.shapley).weights
        let whole = example.table[example.table.count - 1] - example.table[0]
        #expect(abs(weights.reduce(0, +) - whole) < 1e-12)
    }

    @Test func leaveOneOutIsTheDifference() throws {
        let example = try #require(Case.all().last)
        let found = example.explain(.leaveOneOut)
        let full = example.table.count - 1
        for index in 0..<example.count {
            #expect(
                found.weights[index] == example.table[full] - example.table[full - (1 << index)])
        }
        #expect(found.evaluations == example.count + 1)
    }

    @Test(arguments: ExplanationMethod.allCases)
    func anAdditiveModelIsExplainedExactly(_ method: ExplanationMethod) {
        let truth = [0.3, -0.2, 0.05, 0.0, 0.4]
        let plan = ExplanationPlan(method: method, featureCount: 5, samples: 4000, seed: 9)
        let scores = plan.masks.map { mask in
            truth.indices.reduce(0.1) { $0 + (mask[$1] ? truth[$1] : 0) }
        }
        let found = plan.solve(scores)
        // Ridge shrinks by about α over the weighted count of rows.
        let tolerance = method == .lime ? 5e-3 : 1e-9
        #expect(largestGap(found.weights, truth) < tolerance)
        #expect(found.fidelity > 0.999)
    }

    @Test(arguments: ExplanationMethod.allCases)
    func oddCountsHaveDefinedAnswers(_ method: ExplanationMethod) {
        let none = ExplanationPlan(method: method, featureCount: 0, samples: 10, seed: 1)
        let nothing = none.solve(none.masks.map { _ in 0.7 })
        #expect(nothing.weights.isEmpty && nothing.intercept == 0.7)
        let one = ExplanationPlan(method: method, featureCount: 1, samples: 10, seed: 1)
        let single = one.solve(one.masks.map { $0[0] ? 0.9 : 0.4 })
        #expect(abs(single.weights[0] - 0.5) < 1e-15 && single.intercept == 0.4)
        let two = ExplanationPlan(method: method, featureCount: 2, samples: 100, seed: 1)
        let flat = two.solve(two.masks.map { _ in 0.5 })
        #expect(flat.weights.allSatisfy { abs($0) < 1e-12 } && flat.fidelity == 1)
    }

    @Test func sampledShapleyNearsTheExact() throws {
        let count = 14
        let score = { (mask: Mask) -> Double in
            let sum = (0..<count).reduce(0.0) { $0 + (mask[$1] ? Double($1 % 5) - 1.5 : 0) }
            return sum / 20 + (mask[0] && mask[13] ? 0.2 : 0)
        }
        let plan = ExplanationPlan(
            method: .shapley, featureCount: count, samples: 4000, seed: 5)
        let found = plan.solve(plan.masks.map(score))
        for index in 0..<count {
            let pair = index == 0 || index == 13 ? 0.1 : 0
            let truth = (Double(index % 5) - 1.5) / 20 + pair
            #expect(abs(found.weights[index] - truth) < 5e-3)
        }
    }

    @Test func drawnSubsetsAreUniform() {
        // S = 5: removed counts are uniform on 1...5, so each of the 10 masks with three kept is
        // drawn 1/50 of the time; pairs draw masks with two kept as often.
        let plan = ExplanationPlan(method: .lime, featureCount: 5, samples: 50_000, seed: 2)
        let sizes = Dictionary(grouping: zip(plan.masks, plan.draws), by: \.0.keptCount)
        for size in 1...4 {
            let counts = (sizes[size] ?? []).map(\.1)
            #expect(counts.count == Int([5, 10, 10, 5][size - 1]))
            // Expected 10000 / masks of the size; five deviations of about sqrt(expected).
            let expected = 10_000 / Double(counts.count)
            #expect(counts.allSatisfy { abs($0 - expected) < 5 * expected.squareRoot() * 1.5 })
        }
        #expect(abs((sizes[0]?.first?.1 ?? 0) - 10_000) < 5 * 100 * 1.5)
    }

    @Test func aSeedDecidesEverything() {
        let plans = [4, 4, 5].map {
            ExplanationPlan(method: .lime, featureCount: 20, samples: 100, seed: $0)
        }
        #expect(plans[0].masks == plans[1].masks)
        #expect(plans[0].masks != plans[2].masks)
        #expect(Set(plans[0].masks).count == plans[0].masks.count)
    }

    @Test func automaticIsExactWhereThatIsAffordable() {
        let choose = ExplanationPlan.automatic
        #expect(choose(10, 1024) == .exactLime)
        #expect(choose(11, 1024) == .lime)
        #expect(choose(40, 100) == .leaveOneOut)
    }
}
