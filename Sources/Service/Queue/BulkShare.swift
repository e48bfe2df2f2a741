// Bulk work's share beside any amount of interactive work: whether its turn has come.
//
// Interactive work that is done while bulk work waits is owed to it, and bulk work that is done
// pays for its share of that. What it does unasked buys nothing for later: the debt is never below
// zero. What is counted, tokens or time, is the caller's, and so is whether bulk work waits.

struct BulkShare: Sendable {
    private let oneIn: Int
    private let slice: Int
    /// Interactive work beyond what bulk work has paid for.
    private var debt = 0

    /// - Parameters:
    ///   - oneIn: of all that is done, bulk work gets at least one in so many.
    ///   - slice: what bulk work does at a time.
    init(oneIn: Int, slice: Int) {
        self.oneIn = oneIn
        self.slice = slice
    }

    /// So much is owed that bulk work goes first.
    var isDue: Bool { debt >= (oneIn - 1) * slice }

    /// Interactive work was done while bulk work waited.
    mutating func charge(interactive amount: Int) { debt += amount }

    /// Bulk work was done.
    mutating func repay(bulk amount: Int) { debt = max(0, debt - amount * (oneIn - 1)) }
}
