// The tasks that wait for the tokenise thread, and the order in which they have their slices.
//
// Interactive tasks go before bulk ones, but for bulk's share of the bytes. Within a class users
// take turns, of a user its connections, of a connection its requests; so a short text of somebody
// new waits for the slice that is being read, and at most for one more.

struct TaskRows: Sendable {
    /// Bytes of text that a task reads before the next has its turn: a few hundred microseconds.
    static let sliceBytes = 64 << 10

    private var rows = WorkClass.allCases.map { _ in TaskRow(slice: sliceBytes) }
    private let bulkShareOneIn: Int
    /// Interactive bytes read while bulk tasks waited, less those that bulk has made up for. Unlike
    /// in `BulkShare` it may be below zero: what was made up for in advance, since a text cannot be
    /// divided and may be worth many slices.
    private var bulkDebt = 0

    /// - Parameter bulkShareOneIn: of the bytes read, bulk tasks get at least one in so many.
    init(bulkShareOneIn: Int) { self.bulkShareOneIn = bulkShareOneIn }

    mutating func add(_ task: TokenisingTask) { rows[task.workClass.rawValue].add(task) }

    /// The task whose turn it is; nil: none waits. Hand it to `end` before asking again.
    mutating func take() -> TokenisingTask? {
        let interactive = WorkClass.interactive.rawValue
        let bulk = WorkClass.bulk.rawValue
        let bulkIsDue = bulkDebt >= (bulkShareOneIn - 1) * Self.sliceBytes
        let bulkIsNext = rows[interactive].isEmpty || (bulkIsDue && !rows[bulk].isEmpty)
        return rows[bulkIsNext ? bulk : interactive].take()
    }

    /// A task has had its slice. One with texts left waits for the next.
    mutating func end(_ task: TokenisingTask, used bytes: Int) {
        rows[task.workClass.rawValue].end(task, used: bytes)
        switch task.workClass {
        case .interactive: if !rows[WorkClass.bulk.rawValue].isEmpty { bulkDebt += bytes }
        case .bulk: bulkDebt -= bytes * (bulkShareOneIn - 1)
        }
        // Who has nobody beside it takes nothing from anybody.
        if rows[WorkClass.interactive.rawValue].isEmpty { bulkDebt = max(0, bulkDebt) }
    }
}

/// The tasks of one class.
private struct TaskRow: Sendable {
    private let slice: Int
    private var users: Turns<UInt32>
    private var connections: [UInt32: Turns<UInt64>] = [:]
    private var requests: [UInt64: Turns<RequestID>] = [:]
    private var tasks: [RequestID: TokenisingTask] = [:]

    init(slice: Int) {
        self.slice = slice
        users = Turns(slice: slice)
    }

    var isEmpty: Bool { users.isEmpty }

    mutating func add(_ task: TokenisingTask) {
        users.add(task.user)
        connections[task.user, default: Turns(slice: slice)].add(task.connection)
        requests[task.connection, default: Turns(slice: slice)].add(task.request)
        tasks[task.request] = task
    }

    mutating func take() -> TokenisingTask? {
        guard let user = users.next(), let connection = connections[user]!.next(),
            let request = requests[connection]!.next()
        else { return nil }
        return tasks.removeValue(forKey: request)
    }

    mutating func end(_ task: TokenisingTask, used bytes: Int) {
        if task.hasMore { add(task) }
        requests[task.connection]!.end(task.request, used: bytes)
        if requests[task.connection]!.isEmpty { requests[task.connection] = nil }
        connections[task.user]!.end(task.connection, used: bytes)
        if connections[task.user]!.isEmpty { connections[task.user] = nil }
        users.end(task.user, used: bytes)
    }
}
