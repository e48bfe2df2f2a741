// What an explanation keeps of its variants' scores, and in which order they come out again.

import Syscalls
import Testing
import TextflixProtocol
import Weights

@testable import Service

@Suite struct ExplanationRunTests {
    private static let now = Instant(nanoseconds: 1_000_000)

    /// - Parameter parts: what each part holds of the text.
    private func makeRun(
        _ text: String, _ parts: [Range<Int>], label: String = "",
        deadline: Instant = .distantFuture
    ) throws -> ExplanationRun {
        let text = Text(text)
        let task = ExplanationTask(
            request: RequestID(1), model: try FakeModel.make(), order: ExplainOrder(label: label),
            text: text, truncation: .windows, deadline: deadline)
        let claim = Claim(
            request: task.request, user: 1, connection: 1, workClass: .interactive,
            batchKey: BatchKey(model: 1, output: .logits), arrival: Self.now, deadline: deadline,
            textCount: 1, byteCount: text.utf8.count, estimatedTokens: 1)
        let reading = ExplainedText.Reading(ranges: parts.map { [$0] })
        return try ExplanationRun(
            task, claim, ExplainedText(text.utf8, reading: reading, unit: .word, sentences: 64),
            affordable: nil, now: Self.now)
    }

    /// "yes" wins, the more the earlier the variant.
    private static func probabilities(_ variant: Int) -> [Float] {
        let yes = 1 - Float(variant) / 64
        return [1 - yes, yes]
    }

    private func outcome(_ variant: Int) -> TextOutcome {
        let probabilities = Self.probabilities(variant)
        return TextOutcome(
            request: RequestID(1), index: variant,
            result: .scores(logits: probabilities, probabilities: probabilities))
    }

    /// The parts as they are have the numbers 0 and 1, and are scored last here.
    @Test(arguments: ["", "no", "yes"])
    func ofAVariantOneNumberIsKept(label: String) throws {
        var run = try makeRun("good bad a film", [0..<8, 9..<15], label: label)
        let variants = run.take(run.left)
        #expect(variants == 0..<8)
        for variant in variants.reversed() {
            #expect(run.scores.undecided.count == (label.isEmpty ? 7 - variant : 0))
            try run.note(outcome(variant))
        }
        #expect(run.isDone && run.scores.undecided.isEmpty)
        #expect(run.classification?.label == "yes" && run.classification?.windows == 2)
        #expect(run.label == (label == "no" ? 0 : 1))
        for (part, numbers) in [[0, 2, 3, 4], [1, 5, 6, 7]].enumerated() {
            let expected = numbers.map { Double(Self.probabilities($0)[label == "no" ? 0 : 1]) }
            #expect(run.scores(of: part) == expected)
        }
    }

    @Test func whatIsScoredKeepsItsOrderWhenTimeRunsOut() throws {
        let deadline = Self.now.advanced(by: 8_000_000_000)
        var run = try makeRun("good bad film", [0..<13], deadline: deadline)
        let variants = run.take(run.left)
        #expect(variants == 0..<8)
        for variant in variants.dropFirst() where variant != 5 { try run.note(outcome(variant)) }
        let withoutText = run.settles(now: deadline)
        try run.note(outcome(0))
        let tooEarly = run.settles(now: Self.now)
        let inTime = run.settles(now: deadline)
        #expect(!withoutText && !tooEarly && inTime && run.isDone)
        let expected = [0, 1, 2, 3, 4, 6, 7].map { Double(Self.probabilities($0)[1]) }
        #expect(run.scores(of: 0) == expected)
    }
}
