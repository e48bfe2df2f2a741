// The memory of tapes: one block that grows to the largest batch seen and is cut again for each.

internal import Numerics

final class TapeMemory {
    private var arena: Arena?

    /// A tape, and what a head needs beside it.
    func take<Record>(
        _ shape: TapeShape, _ head: (inout Scratch) -> Record
    ) throws(OutOfMemory) -> (Tape, Record) {
        let needed = Scratch.measure { scratch in
            _ = Tape(shape, in: &scratch)
            _ = head(&scratch)
        }
        let arena = try room(needed)
        var scratch = arena.scratch
        return (Tape(shape, in: &scratch), head(&scratch))
    }

    private func room(_ byteCount: Int) throws(OutOfMemory) -> Arena {
        if let arena, arena.byteCount >= byteCount { return arena }
        arena = nil
        let grown = try Arena(byteCount: byteCount)
        arena = grown
        return grown
    }
}
