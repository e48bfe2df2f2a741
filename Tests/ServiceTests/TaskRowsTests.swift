// Whose text is read next: shares of classes, users and connections, and who need not wait.

import Randomness
import Syscalls
import Testing
import TextflixProtocol
import Weights

@testable import Service

@Suite struct TaskRowsTests {
    private static let slice = TaskRows.sliceBytes
    private static let long = 60 * slice

    @Test func bulkHasItsShareBesideAnyAmount() throws {
        let reader = try Reader()
        for connection in 0..<3 {
            reader.add(user: 1, connection: UInt64(connection), texts: 10_000)
        }
        reader.add(user: 1, connection: 9, .bulk, texts: 10_000)
        for size in [Self.slice, Self.long, 100] {
            var bytes = [0, 0]
            for _ in 0..<400 {
                let task = try #require(reader.serve(size))
                bytes[task.workClass.rawValue] += size
            }
            let wanted = 19 * bytes[1]
            #expect(abs(bytes[0] - wanted) <= 20 * (Self.slice + size), "\(bytes) of \(size)")
        }
    }

    /// Each connection has several requests of one long text, and sends a new one for each that is
    /// done.
    @Test(arguments: [1, 2] as [UInt32], [1, 3])
    func aShortTextWaitsForOneSliceAtMost(user: UInt32, served: Int) throws {
        let reader = try Reader()
        for connection in 0..<3 {
            for _ in 0..<4 { reader.add(user: 1, connection: UInt64(connection)) }
        }
        func flood(_ count: Int) throws {
            for _ in 0..<count {
                let task = try #require(reader.serve(Self.long))
                reader.add(user: 1, connection: task.connection)
            }
        }
        try flood(8 + served)
        for round in 0..<5 {
            let request = reader.add(user: user, connection: 9)
            let first = try #require(reader.serve { $0.connection == 9 ? 100 : Self.long })
            if first.request != request {
                reader.add(user: 1, connection: first.connection)
                #expect(reader.serve(100)?.request == request, "round \(round)")
            }
            try flood(round)
        }
    }

    @Test func usersHaveEqualSharesOfBytesWhateverTheirTexts() throws {
        let reader = try Reader()
        for connection in 0..<5 { reader.add(user: 1, connection: UInt64(connection), texts: 5000) }
        reader.add(user: 2, connection: 9, texts: 5000)
        var bytes: [UInt32: Int] = [:]
        for _ in 0..<2000 {
            let size = { (task: TokenisingTask) in task.user == 1 ? Self.long : Self.slice }
            let task = try #require(reader.serve(size))
            bytes[task.user, default: 0] += size(task)
        }
        #expect(abs(bytes[1]! - bytes[2]!) <= 2 * Self.long, "\(bytes)")
    }

    /// Ever new connections of one user keep neither an old one nor another user waiting.
    @Test func newcomersStarveNobody() throws {
        let reader = try Reader()
        reader.add(user: 1, connection: 1, texts: 1000)
        reader.add(user: 2, connection: 2, texts: 1000)
        for connection in 10..<14 { reader.add(user: 1, connection: UInt64(connection)) }
        var turns: [UInt64: Int] = [:]
        for connection in 14..<414 {
            let task = try #require(reader.serve(Self.slice))
            turns[task.connection, default: 0] += 1
            if task.connection >= 10 { reader.add(user: 1, connection: UInt64(connection)) }
        }
        #expect(turns[1]! >= 90 && turns[2]! >= 190, "\(turns[1]!), \(turns[2]!)")
    }

    @Test func eachTextIsReadOnce() throws {
        for seed in 0..<50 {
            var random = RandomSource(seed: UInt64(seed))
            let reader = try Reader()
            var left = 0
            for _ in 0..<2000 {
                if random.oneIn(3) {
                    let texts = random.pick(1...5)
                    left += texts
                    let user = random.pick(1...3)
                    reader.add(
                        user: UInt32(user), connection: UInt64(8 * user + random.pick(1...5)),
                        random.oneIn(2) ? .bulk : .interactive, texts: texts)
                }
                let task = reader.serve(random.pick(0...3) * Self.slice)
                #expect((task == nil) == (left == 0), "seed \(seed)")
                left -= task == nil ? 0 : 1
            }
            while reader.serve(Self.long) != nil { left -= 1 }
            #expect(left == 0, "seed \(seed)")
        }
    }
}

/// The rows, and a thread that reads one text a slice.
private final class Reader {
    private var rows = TaskRows(bulkShareOneIn: 20)
    private let model: ServedModel
    private var nextRequest: UInt64 = 1

    init() throws { model = try FakeModel.make() }

    @discardableResult
    func add(
        user: UInt32, connection: UInt64, _ workClass: WorkClass = .interactive, texts: Int = 1
    ) -> RequestID {
        let request = RequestID(nextRequest)
        nextRequest += 1
        rows.add(
            TokenisingTask(
                request: request, user: user, connection: connection, model: model,
                workClass: workClass, output: .logits, truncation: .head,
                texts: Array(repeating: "", count: texts), indices: Array(0..<texts)))
        return request
    }

    func serve(_ size: Int) -> TokenisingTask? { serve { _ in size } }

    /// - Parameter size: bytes of the next text.
    func serve(_ size: (TokenisingTask) -> Int) -> TokenisingTask? {
        guard var task = rows.take() else { return nil }
        task.next += 1
        rows.end(task, used: size(task))
        return task
    }
}
