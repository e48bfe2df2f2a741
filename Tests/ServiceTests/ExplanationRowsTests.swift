// Whose turn it is among explanations that wait for the thread: classes, users, connections.

import Syscalls
import Testing
import TextflixProtocol
import Weights

@testable import Service

@Suite struct ExplanationRowsTests {
    private static let now = Instant(nanoseconds: 1_000_000)

    private var rows = ExplanationRows(limits: ServiceLimits())
    private let model: ServedModel

    init() throws { model = try FakeModel.make() }

    private mutating func add(
        _ request: UInt64, user: UInt32 = 1, connection: UInt64 = 1,
        _ workClass: WorkClass = .interactive, deadline: Instant = .distantFuture
    ) {
        let request = RequestID(request)
        rows.add(
            .begin(
                ExplanationTask(
                    request: request, model: model, order: ExplainOrder(), text: "a",
                    truncation: .head, deadline: deadline)),
            of: Claim(
                request: request, user: user, connection: connection, workClass: workClass,
                batchKey: BatchKey(model: 1, output: .logits), arrival: Self.now,
                deadline: deadline,
                textCount: 1, byteCount: 1, estimatedTokens: 1))
    }

    /// Who has the next turns, of 2 ms each; everybody wants more than that.
    private mutating func turns(_ count: Int) -> [UInt64] {
        (0..<count).compactMap { _ in
            guard let turn = rows.next(now: Self.now) else { return nil }
            rows.charge(turn, microseconds: ExplanationRows.sliceMicroseconds)
            return turn.claim.request.number
        }
    }

    @Test mutating func bulkWorkHasASmallShare() {
        add(1, .bulk)
        #expect(turns(3) == [1, 1, 1])
        add(2)
        let shared = turns(200)
        #expect(shared.first == 2)
        #expect(shared.count { $0 == 1 } == 10, "one in twenty")
        rows.remove(RequestID(2))
        #expect(turns(2) == [1, 1])
    }

    @Test mutating func usersAndTheirConnectionsHaveTurns() {
        for request in 1...4 { add(UInt64(request), user: 1, connection: UInt64(request)) }
        add(5, user: 2, connection: 5)
        let shared = turns(80)
        #expect(abs(shared.count { $0 == 5 } - 40) <= 1)
        for request in 1...4 { #expect(abs(shared.count { $0 == UInt64(request) } - 10) <= 1) }
    }

    @Test mutating func theFirstOfAConnectionAndAnEarlierDeadlineGoFirst() {
        add(1)
        add(2)
        #expect(turns(3) == [1, 1, 1])
        add(3, deadline: Self.now.advanced(by: 1_000_000_000))
        #expect(turns(1) == [3])
    }

    @Test mutating func whoHasGoneHasNoTurn() {
        add(1)
        add(2, .bulk)
        rows.remove(RequestID(1))
        rows.remove(RequestID(1))
        #expect(turns(1) == [2])
        rows.remove(RequestID(2))
        #expect(turns(1) == [])
    }
}
