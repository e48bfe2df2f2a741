// From a folder's tensors to the bytes of a plan's blobs, one after another, on all processors.
//
// Invariant: a blob's bytes depend on its tensor alone: not on the number of threads, nor on what
// the memory held before.

internal import Numerics
internal import Syscalls
internal import Weights

struct WeightPacker {
    let folder: ModelFolder
    let kernels: Kernels
    let pool: WorkerPool

    /// The bytes where they lie in the folder's mapping, when the blob is nothing else.
    func inPlace(_ blob: PackedBlob) -> UnsafeRawBufferPointer? {
        guard blob.kind == .floats, folder.isAsStored(blob.name) else { return nil }
        return folder.weight(blob.name).floatsInPlace.map { UnsafeRawBufferPointer($0) }
    }

    /// - Parameter bytes: of exactly the blob's size, aligned to a cache line.
    func fill(_ blob: PackedBlob, _ bytes: UnsafeMutableRawBufferPointer) throws(EncoderError) {
        let view = folder.weight(blob.name)
        guard let precision = blob.kind.precision else {
            return folder.widen(blob.name, into: bytes.bindMemory(to: Float.self))
        }
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        if folder.isAsStored(blob.name), let floats = view.floatsInPlace {
            return pack(floats, blob, precision, bytes)
        }
        let count = view.elementCount * MemoryLayout<Float>.size
        let memory = try Self.memory(count)
        let floats = memory.bytes.bindMemory(to: Float.self)
        folder.widen(blob.name, into: floats)
        pack(UnsafeBufferPointer(floats), blob, precision, bytes)
    }

    private func pack(
        _ floats: UnsafeBufferPointer<Float>, _ blob: PackedBlob, _ precision: Precision,
        _ bytes: UnsafeMutableRawBufferPointer
    ) {
        let weights = MatrixView(floats.baseAddress!, rows: blob.rows, columns: blob.columns)
        PackedMatrix.pack(
            weights, precision: precision, kernels: kernels, pool: pool, into: bytes)
    }

    static func memory(_ byteCount: Int) throws(EncoderError) -> AlignedMemory {
        do {
            return try AlignedMemory(byteCount: byteCount, hugePages: byteCount >= 4 << 20)
        } catch {
            throw .noMemory(bytes: byteCount)
        }
    }

    /// Writes all blobs to a file, with one buffer of the largest one's size.
    func write(
        _ plan: WeightPlan, geometry: PackedGeometry, to path: String,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws(EncoderError) {
        let copied = plan.blobs.filter { inPlace($0) == nil }
        let buffer = try Self.memory(copied.map(\.byteCount).max() ?? 0)
        let total = plan.blobs.reduce(0) { $0 + $1.byteCount }
        var done = 0
        var failure: EncoderError?
        let writer = PackedFileWriter(plan.blobs, geometry: geometry, revision: folder.revision)
        do throws(WeightsError) {
            try writer.write(path) { index throws(WeightsError) in
                let blob = plan.blobs[index]
                progress(done, total)
                done += blob.byteCount
                if let bytes = inPlace(blob) { return bytes }
                let room = UnsafeMutableRawBufferPointer(
                    rebasing: buffer.bytes[..<blob.byteCount])
                do throws(EncoderError) { try fill(blob, room) } catch {
                    failure = error
                    throw WeightsError(.unreadable, path, error.description)
                }
                return UnsafeRawBufferPointer(room)
            }
        } catch {
            throw failure ?? .weights(error)
        }
        progress(total, total)
    }
}
