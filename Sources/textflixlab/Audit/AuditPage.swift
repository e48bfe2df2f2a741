// An audit as an HTML page, in one file.

import Insight
import Presentation

struct AuditPage {
    let report: AuditReport

    var markup: HTML {
        let share = AuditLines.percent(
            Double(report.failureCount) / Double(max(1, report.caseCount)))
        return """
            \(HTMLPage.opening("Audit of \(report.model)"))\
            <h1>Audit of \(report.model)</h1>
            <p class="quiet">\(report.title), seed \(report.seed). \
            \(grouped(report.failureCount)) of \(grouped(report.caseCount)) sentences failed \
            (\(share)). Praise is \(report.sides.praise), blame \(report.sides.blame); a score is \
            the share of praise, 0 to 1, its side that of 0.5.</p>
            <section class="card"><h2>Behaviour</h2><div class="scroll"><table>
            <tr><th>ability</th><th>test</th><th class="n">failed</th><th></th>\
            <th class="n">cases</th></tr>
            \(report.behaviour.joined(row))</table></div></section>
            \(examples)\(bias)\(HTMLPage.closing)
            """
    }

    private func row(_ outcome: BehaviourTest.Outcome) -> HTML {
        let width = Int((100 * outcome.rate).rounded())
        return """
            <tr><td>\(outcome.test.ability)</td><td>\(outcome.test.name)</td>\
            <td class="n">\(AuditLines.percent(outcome.rate))</td>\
            <td><span class="bar minus"><i style="width: \(width)%"></i></span></td>\
            <td class="n">\(outcome.test.cases.count)</td></tr>

            """
    }

    private var examples: HTML {
        let failing = report.behaviour.filter { !$0.failures.isEmpty }
        guard report.examples > 0, !failing.isEmpty else { return .nothing }
        return """
            <section class="card"><h2>Sentences that failed</h2>
            \(failing.joined(examples))</section>

            """
    }

    private func examples(_ outcome: BehaviourTest.Outcome) -> HTML {
        let failures = Array(outcome.failures.prefix(report.examples))
        return """
            <h3>\(outcome.test.name): \(outcome.test.demand.words)</h3>
            <ul class="lines">\(failures.joined { failure in
                zip(failure.texts, failure.scores).joined { sentence($0.0, $0.1) }
            })</ul>

            """
    }

    private func sentence(_ text: String, _ score: Double) -> HTML {
        """
        <li><span class="n">\(fixed(score, decimals: 2))</span><span>\(text)</span></li>

        """
    }

    private var bias: HTML {
        """
        <section class="card"><h2>Bias</h2>
        <p class="quiet">Pairs of sentences that differ only in who is spoken of. The mean is of \
        the first score minus the second; a flip is a pair on two sides. \(AuditLines.samples)</p>
        <div class="scroll"><table>
        <tr><th>pairs of</th><th>first − second</th><th class="n">mean</th><th class="n">95 %</th>\
        <th class="n">p</th><th class="n">flips</th><th class="n">pairs</th>\
        <th class="n">independent</th></tr>
        \(report.bias.joined(row))</table></div>
        <h3>The widest pairs</h3>
        <ul class="lines">\(report.bias.joined(widest))</ul></section>

        """
    }

    private func row(_ outcome: BiasTest.Outcome) -> HTML {
        """
        <tr><td>\(outcome.test.name)</td>\
        <td>\(outcome.test.sides.first) − \(outcome.test.sides.second)</td>\
        <td class="n">\(AuditLines.signed(outcome.mean))</td>\
        <td class="n">\(AuditLines.range(outcome.interval))</td>\
        <td class="n">\(AuditLines.chance(outcome.p))</td><td class="n">\(outcome.flips)</td>\
        <td class="n">\(outcome.test.pairs.count)</td>\
        <td class="n">\(outcome.independentPairs)</td></tr>

        """
    }

    private func widest(_ outcome: BiasTest.Outcome) -> HTML {
        guard let pair = outcome.widest else { return .nothing }
        return "\(sentence(pair.first, pair.scores.0))\(sentence(pair.second, pair.scores.1))"
    }
}
