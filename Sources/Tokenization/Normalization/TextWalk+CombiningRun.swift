// Puts a run of combining marks into canonical order, each with the reference's offset.
//
// NFD sorts the marks after a starter by combining class. Nearly all are nonspacing and then
// stripped, so a run with none left is simply skipped. For the rest, place matters twice. The
// reference aligns a decomposed text by position: the k-th scalar that is not the tail of a
// decomposition takes the source range of the k-th source scalar, whichever scalar sorting put
// there. So the rank of a mark that stays is one more than the number of source marks sorted before
// it, stripped ones included, and its source is that of the mark of that rank.
//
//     source      a  s230  k220  m216      s is stripped, k and m are kept; numbers are classes
//     sorted      a  m216  k220  s230
//
//     rank    source of that rank    output
//     1       s                      m, with the range of s
//     2       k                      k, with the range of k
//     3       m                      nothing: s is stripped
//
// Three scans with counters for the 256 classes, no buffer for the run: time is linear, memory
// constant, however long the run. Marks at the tail of the starter's own decomposition (the lead)
// have no source scalar of their own: those of rank 0 take the starter's.

extension TextWalk {
    /// Handles the marks from `start` on, which follow a starter or the beginning.
    ///
    /// - Parameters:
    ///   - lead: The first entry of the expansion table that is a mark of the starter before, or 0.
    ///   - leadSource: Where that starter lies.
    /// - Returns: where the run ends.
    mutating func combiningRun(
        from start: Int, to end: Int, lead: Int, leadSource: (start: Int, end: Int)
    ) -> Int {
        let (runEnd, kept) = countClasses(from: start, to: end, lead: lead)
        guard kept > 0 else { return runEnd }
        makeExclusiveSums()
        // One mark more than a word may have makes it unknown: of such a run only first and last
        // matter, so the middle is skipped.
        let stored = min(kept, maxWordScalars + 1)
        rank(from: start, to: runEnd, lead: lead, kept: kept, stored: stored)

        var slot = 0
        var rank: UInt32 = 0
        var source = leadSource
        var i = start
        while true {
            while slot < stored, scratch.markRanks[slot] == rank {
                append(scratch.marks[slot], from: source.start, to: source.end)
                slot += 1
            }
            // Ranks ascend and none exceeds the number of marks, so each finds its source.
            guard slot < stored else { break }
            let scalar = DecodedScalar(at: text + i)
            if ScalarRule.isMark(rules.rule(scalar.value)) {
                rank += 1
                source = (i, i + scalar.length)
            }
            i += scalar.length
        }
        word.scalarCount += kept - stored
        return runEnd
    }

    /// Counts source marks and kept marks by class; returns where the run ends, and how many stay.
    private func countClasses(from start: Int, to end: Int, lead: Int) -> (end: Int, kept: Int) {
        for i in 0..<Scratch.classCount {
            scratch.sourceCounts[i] = 0
            scratch.keptCounts[i] = 0
        }
        var kept = 0
        forEachLead(lead) { _, combiningClass in
            scratch.keptCounts[combiningClass] += 1
            kept += 1
        }
        var i = start
        while i < end {
            let scalar = DecodedScalar(at: text + i)
            let rule = rules.rule(scalar.value)
            if ScalarRule.isMark(rule) {
                scratch.sourceCounts[Int(rule & 0xFF)] += 1
                if rule & ScalarRule.keptMark != 0 {
                    scratch.keptCounts[Int(rule & 0xFF)] += 1
                    kept += 1
                }
            } else if rule != ScalarRule.drop {
                break
            }
            i += scalar.length
        }
        return (i, kept)
    }

    private func makeExclusiveSums() {
        var sourceSum: UInt32 = 0
        var keptSum: UInt32 = 0
        for i in 0..<Scratch.classCount {
            (scratch.sourceCounts[i], sourceSum) = (sourceSum, sourceSum + scratch.sourceCounts[i])
            (scratch.keptCounts[i], keptSum) = (keptSum, keptSum + scratch.keptCounts[i])
        }
    }

    /// Puts each mark that stays into its slot, with its rank; skips the middle of an endless run.
    private func rank(from start: Int, to end: Int, lead: Int, kept: Int, stored: Int) {
        func store(_ mark: UInt32, _ combiningClass: Int, _ rank: UInt32) {
            let place = Int(scratch.keptCounts[combiningClass])
            scratch.keptCounts[combiningClass] += 1
            guard place < stored - 1 || place == kept - 1 else { return }
            let slot = min(place, stored - 1)
            scratch.marks[slot] = mark
            scratch.markRanks[slot] = rank
        }
        forEachLead(lead) { mark, combiningClass in
            store(mark, combiningClass, scratch.sourceCounts[combiningClass])
        }
        var i = start
        while i < end {
            let scalar = DecodedScalar(at: text + i)
            let rule = rules.rule(scalar.value)
            i += scalar.length
            guard ScalarRule.isMark(rule) else { continue }
            let combiningClass = Int(rule & 0xFF)
            scratch.sourceCounts[combiningClass] += 1
            if rule & ScalarRule.keptMark != 0 {
                store(scalar.value, combiningClass, scratch.sourceCounts[combiningClass])
            }
        }
    }

    /// The marks at the end of an expansion, from entry `lead` on (0 for none).
    private func forEachLead(_ lead: Int, _ body: (_ mark: UInt32, _ combiningClass: Int) -> Void) {
        guard lead > 0 else { return }
        var k = lead
        while rules.expansions.base[k] >> 24 == ScalarKind.keptMark {
            let mark = rules.expansions.base[k] & 0xFF_FFFF
            body(mark, Int(rules.rule(mark) & 0xFF))
            k += 1
        }
    }
}
