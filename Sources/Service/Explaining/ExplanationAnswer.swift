// From scored variants to the message that goes out, a step at a time.
//
// Probabilities of windows are averaged, so a window's weights count by their share, and the
// weights of a word that stands in several windows add up.
//
// Lives on the explanation thread, which takes other work between the steps.

internal import Baselines
internal import Insight
internal import TextflixProtocol

final class ExplanationAnswer {
    private let run: ExplanationRun
    private let label: Int
    private var response: ExplainResponse
    /// Of each feature, and what else is added up over the parts.
    private var weights: [Double]
    private var intercept = 0.0
    private var fidelity = 0.0
    private var evaluations = 0
    private var draws = 0.0
    /// The part that is being solved.
    private var part = 0
    private var solve: ExplanationSolve?

    /// - Parameter run: done, so both are known.
    init(_ run: ExplanationRun) {
        self.run = run
        let model = run.task.model
        let classification = run.classification!
        let name = run.task.order.label.isEmpty ? classification.label : run.task.order.label
        label = run.label!
        weights = Array(repeating: 0, count: run.text.places.count)
        response = ExplainResponse(
            classification: classification, label: name, model: model.name,
            revision: model.revision, windows: UInt32(run.text.parts.count))
    }

    var request: RequestID { run.task.request }

    /// - Returns: the message, with the last step.
    func step() -> ExplainResponse? {
        if let plans = run.plans {
            if part < plans.count {
                step(plans[part])
                return nil
            }
            sumUp(plans)
        } else {
            addUp()
        }
        // A weight of -0 is none.
        for feature in weights.indices where weights[feature] == 0 { weights[feature] = 0 }
        response.features = features()
        return response
    }

    private func step(_ plan: ExplanationPlan) {
        guard solve != nil else {
            solve = ExplanationSolve(plan, run.scores(of: part))
            return
        }
        guard let found = solve!.step() else { return }
        let share = 1 / Double(run.text.parts.count)
        for (weight, feature) in zip(found.weights, run.text.parts[part].indices) {
            weights[feature] += weight * share
        }
        intercept += found.intercept * share
        fidelity += found.fidelity * share
        evaluations += found.evaluations
        if plan.isDrawn { draws += plan.draws.reduce(0, +) }
        solve = nil
        part += 1
    }

    private func sumUp(_ plans: [ExplanationPlan]) {
        // One window's plan may have been reduced to a sample.
        response.method = Method((plans.first(where: \.isDrawn) ?? plans[0]).method)
        response.intercept = Float(intercept)
        response.fidelityR2 = Float(fidelity)
        response.evaluations = UInt32(evaluations)
        // Those of a plan that was cut short are fractions whose sum is a number of variants.
        response.samples = UInt32(draws.rounded())
    }

    /// Of a linear model, what each feature adds to the label's logit; what lies in no feature is
    /// the intercept's.
    private func addUp() {
        guard let model = run.task.model.linear else { return }
        let found = model.contributions(run.text.text, to: run.text.places)
        // The model's logit is the second label's; the first's is its opposite.
        let sign = label == 1 ? 1.0 : -1.0
        response.method = .linear
        response.intercept = Float(sign * found.rest)
        response.fidelityR2 = 1
        response.evaluations = 1
        weights = found.features.map { sign * $0 }
    }

    private func features() -> [Feature] {
        let order = weights.indices.sorted {
            (-abs(weights[$0]), $0) < (-abs(weights[$1]), $1)
        }
        return order.map { index in
            let places = run.text.places[index]
            return Feature(
                start: UInt32(places[0].lowerBound), end: UInt32(places[0].upperBound),
                text: Text(utf8: Array(run.text.text[places[0]])), weight: Float(weights[index]),
                furtherStarts: places.dropFirst().map { UInt32($0.lowerBound) },
                furtherEnds: places.dropFirst().map { UInt32($0.upperBound) })
        }
    }
}
