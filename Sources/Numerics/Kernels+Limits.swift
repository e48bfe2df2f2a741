// What this processor can do at most, so that a measured speed can be given as a share of it.

internal import CKernels
internal import Syscalls

extension Kernels {
    /// Operations a second (a multiply and an add are two) of the dot product of a precision, on
    /// registers alone, on all lanes at once; 0 when this table has no such loop.
    package func peakOperations(_ precision: Precision, pool: WorkerPool) -> Double {
        let functions = table.pointee.peak
        let peak =
            switch precision {
            case .f32: functions.0
            case .bf16: functions.1
            case .int8: functions.2
            }
        let rounds: Int64 = 1_000_000
        let operations = peak(rounds)  // and awakens the wide units
        var best = 0.0
        // A few milliseconds each, over longer than another program keeps a processor.
        for _ in 0..<30 {
            let start = MonotonicClock.now
            pool.run { _ in _ = peak(rounds) }
            let seconds = Double(MonotonicClock.now.since(start)) / 1e9
            best = max(best, operations * Double(pool.count) / seconds)
        }
        return best
    }

    /// Bytes a second that all lanes read together of memory too large for any cache.
    package func peakMemoryBytes(pool: WorkerPool, byteCount: Int = 1 << 30) throws(OutOfMemory)
        -> Double
    {
        let arena = try Arena(byteCount: byteCount)
        var scratch = arena.scratch
        let base = scratch.bytes(byteCount)
        let read = table.pointee.read_memory
        pool.run { lane in
            let part = lane.share(of: byteCount)
            (base + part.lowerBound).initializeMemory(
                as: UInt8.self, repeating: 1, count: part.count)
        }
        var best = 0.0
        for _ in 0..<3 {
            let start = MonotonicClock.now
            pool.run { lane in
                let part = lane.share(of: byteCount / 4096)
                _ = read(base + part.lowerBound * 4096, Int64(part.count * 4096))
            }
            let seconds = Double(MonotonicClock.now.since(start)) / 1e9
            best = max(best, Double(byteCount) / seconds)
        }
        return best
    }
}
