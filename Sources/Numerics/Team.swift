// How many rows of work become blocks, and who works on a block.
//
// A large batch is cut into blocks of rows, each worked through by one lane alone, from the first
// product to the last, without a barrier: its activations stay in that core's cache, and blocks go
// to whichever lane is free. A small batch (a single text) would give some lanes nothing, or make
// every lane read all weights: there all lanes work on the same block, each on its share of the
// output columns, and meet after every step. The code of a block is the same for both:
//
//     lane.eachBlock(of: rows, plan, alone: mine, together: shared) { team, block in
//         kernels.pack(..., panels: team.share(of: packed.panelCount))
//         team.barrier()
//         kernels.product(..., panels: team.share(of: w.panelCount))
//     }
//
// Results are the same either way, because no element depends on how the work was cut.

/// The lanes that work on one block, and its scratch memory.
package struct Team {
    private let lane: Lane
    private let isAlone: Bool
    /// The same memory on all lanes of the team.
    package let scratch: Scratch

    fileprivate init(_ lane: Lane, isAlone: Bool, _ scratch: Scratch) {
        self.lane = lane
        self.isAlone = isAlone
        self.scratch = scratch
    }

    /// This lane's part of 0..<n.
    package func share(of n: Int) -> Range<Int> { isAlone ? 0..<n : lane.share(of: n) }

    package func barrier() { if !isAlone { lane.barrier() } }
}

package struct BlockPlan: Sendable, Equatable {
    /// The most rows of a block.
    package let rows: Int
    /// Fewer rows than this for every lane, and the lanes work together.
    package let leastRowsALane: Int

    package init(rows: Int, leastRowsALane: Int) {
        self.rows = rows
        self.leastRowsALane = leastRowsALane
    }

    /// Whether each lane works on blocks of its own.
    package func isAlone(_ total: Int, lanes: Int) -> Bool {
        lanes == 1 || total >= lanes * leastRowsALane
    }

    /// Blocks as equal as they can be, and for few of them a multiple of the lanes.
    package func blockCount(_ total: Int, lanes: Int) -> Int {
        let least = (total + rows - 1) / rows
        guard isAlone(total, lanes: lanes), least < 8 * lanes else { return max(least, 1) }
        return (least + lanes - 1) / lanes * lanes
    }

    package static func block(_ index: Int, of count: Int, _ total: Int) -> Range<Int> {
        index * total / count..<(index + 1) * total / count
    }
}

extension Lane {
    /// Works through `total` rows in blocks; then a barrier. All lanes must call it alike.
    /// - Parameters:
    ///   - mine: scratch for a block of this lane alone.
    ///   - shared: scratch for a block of all lanes.
    package func eachBlock(
        of total: Int, _ plan: BlockPlan, alone mine: Scratch, together shared: Scratch,
        _ body: (Team, Range<Int>) -> Void
    ) {
        let blocks = plan.blockCount(total, lanes: count)
        if plan.isAlone(total, lanes: count) {
            let team = Team(self, isAlone: true, mine)
            forEach(blocks) { body(team, BlockPlan.block($0, of: blocks, total)) }
        } else {
            let team = Team(self, isAlone: false, shared)
            for index in 0..<blocks {
                body(team, BlockPlan.block(index, of: blocks, total))
                barrier()
            }
        }
    }
}
