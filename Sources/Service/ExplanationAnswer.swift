// From scored variants to the message that goes out.
//
// Probabilities of windows are averaged, so a window's weights count by their share, and the
// weights of a word that stands in several windows add up.

internal import Baselines
internal import Insight
internal import TextflixProtocol

struct ExplanationAnswer {
    let run: ExplanationRun

    func response() -> ExplainResponse {
        let model = run.task.model
        let classification = Classification(run.whole, model)
        let label = run.task.order.label.isEmpty ? classification.label : run.task.order.label
        var response = ExplainResponse(
            classification: classification, label: label, model: model.name,
            revision: model.revision, windows: UInt32(run.text.parts.count))
        let index = model.labels.firstIndex(of: label) ?? 0
        var weights: [Double]
        if let plans = run.plans {
            weights = solve(plans, label: index, &response)
        } else {
            weights = linear(label: index, &response)
        }
        // A weight of -0 is none.
        for feature in weights.indices where weights[feature] == 0 { weights[feature] = 0 }
        response.features = features(weights)
        return response
    }

    private func solve(
        _ plans: [ExplanationPlan], label: Int, _ response: inout ExplainResponse
    ) -> [Double] {
        var weights = Array(repeating: 0.0, count: run.text.places.count)
        var (intercept, fidelity, evaluations, draws) = (0.0, 0.0, 0, 0.0)
        let share = 1 / Double(plans.count)
        for (part, (plan, start)) in zip(plans, run.partStarts).enumerated() {
            let scores = plan.masks.indices.map {
                Double(run.probabilities(of: start + $0)[label])
            }
            let found = plan.solve(scores)
            for (weight, feature) in zip(found.weights, run.text.parts[part].indices) {
                weights[feature] += weight * share
            }
            intercept += found.intercept * share
            fidelity += found.fidelity * share
            evaluations += found.evaluations
            if plan.isDrawn { draws += plan.draws.reduce(0, +) }
        }
        // One window's plan may have been reduced to a sample.
        response.method = Method((plans.first(where: \.isDrawn) ?? plans[0]).method)
        response.intercept = Float(intercept)
        response.fidelityR2 = Float(fidelity)
        response.evaluations = UInt32(evaluations)
        response.samples = UInt32(draws)
        return weights
    }

    /// What each feature adds to the label's logit; what lies in no feature is the intercept's.
    private func linear(label: Int, _ response: inout ExplainResponse) -> [Double] {
        guard let model = run.task.model.linear else { return [] }
        let found = model.contributions(run.text.text, to: run.text.places)
        // The model's logit is the second label's; the first's is its opposite.
        let sign = label == 1 ? 1.0 : -1.0
        response.method = .linear
        response.intercept = Float(sign * found.rest)
        response.fidelityR2 = 1
        response.evaluations = 1
        return found.features.map { sign * $0 }
    }

    private func features(_ weights: [Double]) -> [Feature] {
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
