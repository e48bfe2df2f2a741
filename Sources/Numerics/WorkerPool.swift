// Threads that compute together: every lane runs the same body, and they meet at barriers.
//
//     pool.run { lane in
//         part(one, lane.share(of: n))                     // static: equal shares
//         lane.barrier()
//         lane.forEach(tasks) { index in ... }             // dynamic: whoever is free; a barrier
//     }
//
// The caller is lane 0; the others are threads of the pool. Where each processor that the process
// may use has a lane, lanes are pinned to them; fewer find their places by themselves, beside other
// processes. Nothing is allocated and no lock is taken after `init`. One `run` at a time: a pool
// belongs to one thread. On a machine with several memory nodes, take a pool and an engine a node.

internal import Synchronization
internal import Syscalls

package final class WorkerPool: @unchecked Sendable {
    // Safe to share: constant after `init`; `run` is called by one thread at a time.
    private let crew: Crew
    private var threads: [JoinBox] = []

    /// Lanes, the caller's included.
    package var count: Int { crew.lanes.count }

    /// An array cannot hold a thread itself, which is not copyable.
    private final class JoinBox {
        private var thread: Thread?
        init(_ thread: consuming Thread) { self.thread = consume thread }
        func join() { thread.take()?.join() }
    }

    /// - Parameter threads: lanes; 0 for as many as can work at once.
    /// - Throws: when the system has no room for a thread.
    package init(threads wanted: Int = 0) throws(OutOfMemory) {
        let processors = ThisProcess.allowedProcessors
        let count = wanted > 0 ? wanted : ThisProcess.processorCount
        let crew = Crew(lanes: count, spins: count <= processors.count ? 20_000 : 100)
        self.crew = crew
        for index in 1..<max(count, 1) {
            let processor = count == processors.count ? processors[index] : nil
            do {
                let thread = try Thread.spawn(name: "lane \(index)") {
                    if let processor { Thread.pin(toProcessor: processor) }
                    crew.work(crew.lanes[index])
                }
                threads.append(JoinBox(thread))
            } catch { throw OutOfMemory(byteCount: Self.stackBytes) }
        }
    }

    private static let stackBytes = 1 << 20

    /// Binds the calling thread to the processor that the other lanes leave free.
    package func pinCaller() {
        let processors = ThisProcess.allowedProcessors
        if count > 1 && count == processors.count { Thread.pin(toProcessor: processors[0]) }
    }

    /// Runs `body` once on every lane, and returns when all are done.
    package func run(_ body: (Lane) -> Void) {
        withoutActuallyEscaping(body) { run(ClosureWork(body: $0)) }
    }

    /// As `run` of a closure, but without the small allocation that a closure costs.
    package func run<Work: LaneWork>(_ work: Work) {
        withUnsafePointer(to: work) { crew.run(Work.self, $0) }
    }

    /// Runs `body` for 0..<n, each on whichever lane is free.
    package func forEach(_ n: Int, _ body: (Int) -> Void) {
        run { lane in lane.forEach(n, body) }
    }

    deinit {
        crew.stop()
        for thread in threads { thread.join() }
    }
}

/// What every lane is to do once.
package protocol LaneWork {
    func run(on lane: Lane)
}

extension LaneWork {
    /// - Parameter work: points at a `Self`.
    fileprivate static func run(_ work: UnsafeRawPointer, on lane: Lane) {
        work.assumingMemoryBound(to: Self.self).pointee.run(on: lane)
    }
}

private struct ClosureWork: LaneWork {
    let body: (Lane) -> Void
    func run(on lane: Lane) { body(lane) }
}

/// What the threads share. It outlives the pool by as long as they need to end.
private final class Crew: @unchecked Sendable {
    // Safe to share: `work` is written before `started` advances and read after that was seen; what
    // it points at lives until the last barrier.
    let lanes: [Lane]
    private var work: (type: any LaneWork.Type, value: UnsafeRawPointer)?
    private let started: Signal
    private let gate: Gate
    private let isStopping = Atomic<Bool>(false)

    init(lanes count: Int, spins: Int) {
        started = Signal(spins: spins)
        let gate = Gate(lanes: count, spins: spins)
        let tickets = TicketCounter()
        self.gate = gate
        lanes = (0..<count).map { Lane(index: $0, count: count, gate: gate, tickets: tickets) }
    }

    func run(_ type: any LaneWork.Type, _ value: UnsafeRawPointer) {
        work = (type, value)
        if lanes.count > 1 { started.advance() }
        type.run(value, on: lanes[0])
        gate.pass()
        work = nil
    }

    func work(_ lane: Lane) {
        var seen: UInt32 = 0
        while true {
            started.wait(whileStill: seen)
            seen &+= 1
            if isStopping.load(ordering: .acquiring) { return }
            if let work { work.type.run(work.value, on: lane) }
            gate.pass()
        }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        started.advance()
    }
}
