// One of the threads that run a body together, as the body sees it.
//
// Every lane must make the same sequence of `barrier` and `forEach` calls.

internal import Synchronization

package final class Lane: @unchecked Sendable {
    // Safe to share: `nextTicket` is touched by this lane's thread only.
    package let index: Int
    /// Of all lanes.
    package let count: Int
    private let gate: Gate
    private let tickets: TicketCounter
    private var nextTicket = 0

    init(index: Int, count: Int, gate: Gate, tickets: TicketCounter) {
        self.index = index
        self.count = count
        self.gate = gate
        self.tickets = tickets
    }

    /// Waits for all lanes. What any of them wrote before, all see after.
    package func barrier() { gate.pass() }

    /// This lane's part of 0..<n: contiguous, and equal to within one.
    package func share(of n: Int) -> Range<Int> {
        index * n / count..<(index + 1) * n / count
    }

    /// Runs `body` for 0..<n, each on whichever lane is free; then a barrier.
    package func forEach(_ n: Int, _ body: (Int) -> Void) {
        // Each lane draws until it draws past the end, so a round uses up n + count tickets.
        let first = nextTicket
        var ticket = tickets.draw()
        while ticket < first + n {
            body(ticket - first)
            ticket = tickets.draw()
        }
        nextTicket = first + n + count
        barrier()
    }
}

/// Numbers in rising order, each drawn once, by any thread.
final class TicketCounter: Sendable {
    private let next = Atomic<Int>(0)
    func draw() -> Int { next.add(1, ordering: .relaxed).oldValue }
}
