// What a run says of itself: the time that has passed, and what it did.

import Testing

@testable import TextRuns

@Suite struct TallyTests {
    @Test func theClockOfARun() {
        #expect(
            [0, 58, 723, 3723].map { Progress.clock($0) }
                == ["0:00", "0:58", "12:03", "1:02:03"])
    }

    @Test func theTallySpeaksOnlyWhenThereIsSomethingToSay() {
        var tally = Tally(answered: 3, tokens: 600)
        #expect(tally.summary(after: 2, isWanted: false) == nil)
        #expect(
            tally.summary(after: 2, isWanted: true) == "3 texts in 2.00 s (1.50/s, 300 tokens/s)")
        tally.truncated = 1
        tally.failed = 2
        tally.labelled = 3
        tally.agreed = 2
        #expect(
            tally.summary(after: 2, isWanted: false) == """
                3 texts in 2.00 s (1.50/s, 300 tokens/s); 66.67 % of 3 given labels met; \
                1 text was longer than the model reads and cut; 2 texts failed
                """)
    }
}
