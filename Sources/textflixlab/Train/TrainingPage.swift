// report.html: a run in one file, with its curves.

import Insight
import Presentation
import Syscalls
import Training

struct TrainingPage {
    private let report: RunReport
    private let experiment: EncoderExperiment

    init(_ report: RunReport, _ experiment: EncoderExperiment) {
        self.report = report
        self.experiment = experiment
    }

    func write() throws {
        try writeFileAtomically(report.output + "/report.html", bytes: Array(markup.text.utf8))
    }

    var markup: HTML {
        """
        \(HTMLPage.opening("Training of \(report.output)"))\
        <h1>Training of \(report.output)</h1>
        <p class="quiet">Seed \(report.seed), base \(report.baseRevision), texts \
        \(report.dataHash). \(texts)</p>
        \(figures)\(Array(report.steps.enumerated()).joined { step($0.offset + 1, $0.element) })\
        <section class="card"><h2>The experiment</h2>
        <pre class="scroll">\(String(decoding: experiment.source, as: UTF8.self))</pre></section>
        \(HTMLPage.closing)
        """
    }

    private var texts: String {
        let unlabelled = grouped(report.unlabelledCount)
        guard experiment.makesClassifier else {
            return "\(unlabelled) unlabelled texts to learn from; \(report.droppedUnlabelled) were "
                + "left out because a test text equals them."
        }
        return "\(grouped(report.trainCount)) labelled texts to learn from, "
            + "\(grouped(report.devCount)) held out, \(unlabelled) unlabelled; "
            + "\(report.droppedLabelled) labelled and \(report.droppedUnlabelled) unlabelled ones "
            + "were left out because a test or held-out text equals them."
    }

    private var effort: String {
        "\(fixed(report.seconds, decimals: 0)) s of training; at most "
            + "\(byteText(UInt64(report.peakBytes))) of memory."
    }

    private var figures: HTML {
        guard experiment.makesClassifier else {
            return """
                <section class="card"><h2>Figures</h2><p class="quiet">An encoder, for other \
                experiments to begin with: it answers nothing yet. \(effort)</p></section>

                """
        }
        var rows = HTML.nothing
        if let heldOut = report.heldOut, !heldOut.truths.isEmpty {
            rows += row("held out", heldOut.predictions(temperature: report.temperature))
        }
        if let test = report.test { rows += row("test", test) }
        return """
            <section class="card"><h2>Figures</h2><div class="scroll"><table>
            <tr><th>texts of</th><th class="n">texts</th><th class="n">accuracy</th>\
            <th class="n">95 %</th><th class="n">balanced</th><th class="n">ECE</th>\
            <th class="n">Brier</th></tr>
            \(rows)</table></div>
            <p class="quiet">\(temperature)\(effort)</p></section>

            """
    }

    /// Nothing where no text is held out to fit it.
    private var temperature: String {
        guard report.heldOut?.truths.isEmpty == false else { return "" }
        return "Temperature \(fixed(report.temperature, decimals: 3)), from the held-out texts; "
    }

    private func row(_ name: String, _ predictions: [Prediction]) -> HTML {
        let right = predictions.count(where: \.isRight)
        let interval = wilsonInterval(successes: right, of: predictions.count)
        let error = Calibration.expectedError(of: Calibration.bins(predictions))
        func percent(_ share: Double) -> String { fixed(100 * share, decimals: 2) }
        return """
            <tr><td>\(name)</td><td class="n">\(grouped(predictions.count))</td>\
            <td class="n">\(percent(Double(right) / Double(predictions.count))) %</td>\
            <td class="n">\(percent(interval.lowerBound)) to \(percent(interval.upperBound))</td>\
            <td class="n">\(percent(Confusion(predictions).balancedAccuracy)) %</td>\
            <td class="n">\(fixed(error, decimals: 4))</td>\
            <td class="n">\(fixed(Calibration.brier(predictions), decimals: 4))</td></tr>

            """
    }

    private func step(_ number: Int, _ step: StepReport) -> HTML {
        let speed = Double(step.tokens) / max(step.seconds, 1e-9)
        let notes = step.notes.map { ", \($0.key) \($0.value)" }.joined()
        return """
            <section class="card"><h2>Step \(number): \(step.kind.rawValue)</h2>
            <p class="quiet">\(grouped(step.texts)) texts, \(grouped(step.truncated)) of them cut; \
            \(grouped(step.updates)) updates, \(grouped(step.tokens)) tokens, \
            \(fixed(step.seconds, decimals: 1)) s, \(rateText(speed)) tokens/s\(notes)</p>
            \(step.state.map { charts($0) } ?? .nothing)</section>

            """
    }

    private func charts(_ state: FitState) -> HTML {
        func series(
            _ name: String, _ value: (FitState.CurvePoint) -> Double
        ) -> LineChart.Series {
            LineChart.Series(
                name: name,
                points: state.curve.map { .init(x: Double($0.update), y: value($0)) })
        }
        func held(_ value: (FitState.Evaluation) -> Double) -> LineChart.Series {
            LineChart.Series(
                name: "held out",
                points: state.evaluations.map { .init(x: Double($0.update), y: value($0)) })
        }
        let charts = [
            LineChart(
                title: "Loss", xName: "updates",
                series: [series("learned from") { $0.loss }, held { $0.loss }]),
            LineChart(
                title: "Accuracy, %", xName: "updates",
                series: [
                    series("learned from") { 100 * $0.accuracy }, held { 100 * $0.accuracy },
                ]),
            LineChart(
                title: "Rate", xName: "updates", series: [series("rate") { $0.rate }]),
            LineChart(
                title: "Length of the gradient", xName: "updates",
                series: [series("gradient") { $0.gradient }]),
        ]
        return charts.joined(\.svg)
    }
}
