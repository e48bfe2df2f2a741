// From a folder to a model, by way of the cache of packed weights.
//
//     packed file there and valid?  ── yes ──> map it                          milliseconds
//              │ no
//     cache can be written?  ── yes ──> pack into it, rename, map it           seconds, once
//              │ no
//     pack into memory of our own                                              seconds, every time
//
// A start needs the folder's small files, the header of its weights and the packed file's header:
// weights are neither read nor hashed when the cache knows the source (see SourceFingerprint).
// Invariant: a model computes bit for bit the same whichever way it came, because the bytes are the
// same. A bad file in the cache is told, never trusted, and replaced; a full disk is no error.

package import Numerics
internal import Syscalls
package import Weights

/// What is worth telling about a load.
package enum LoadNotice: Sendable, Equatable, CustomStringConvertible {
    /// A packed file was there, but cannot be used.
    case unusable(String)
    case packing(done: Int, total: Int)
    case packed(path: String, bytes: Int, nanoseconds: UInt64)
    case mapped(path: String, bytes: Int)
    /// The cache could not be written: the weights are in private memory.
    case notCached(String)
    /// The system would not pin the weights in memory.
    case notLocked(String)

    package var description: String {
        switch self {
        case .unusable(let reason): "\(reason); packing anew"
        case .packing(let done, let total): "packing weights: \(done * 100 / max(total, 1)) %"
        case .packed(let path, let bytes, let time):
            "packed \(bytes >> 20) MiB into \(path) in \(time / 1_000_000) ms"
        case .mapped(let path, let bytes): "mapped \(bytes >> 20) MiB of \(path)"
        case .notCached(let reason): "packed weights are kept in memory only: \(reason)"
        case .notLocked(let reason): "weights are not locked in memory: \(reason)"
        }
    }
}

extension BERTModel {
    /// - Parameters:
    ///   - cache: where packed weights are looked for and kept; nil: they are packed into memory.
    ///   - doubtBelow: above 0, texts whose logits' margin is smaller are computed again in bf16,
    ///     whose weights are then loaded too.
    ///   - lock: pin the mapped weights in memory, if the system lets us.
    ///   - notice: called on this thread.
    /// - Throws: when there is no memory, or `TEXTFLIX_ISA` names what this machine has not.
    package static func load(
        folder: ModelFolder, precision: Precision = .f32, kernels: Kernels = .best(),
        cache: PackCache? = nil, doubtBelow: Float = 0, lock: Bool = false,
        notice: (LoadNotice) -> Void = { _ in }
    ) throws(EncoderError) -> BERTModel {
        if let complaint = Kernels.complaint() { throw .unavailable(complaint) }
        let blobs = try blobs(folder, precision, kernels, cache, lock, notice)
        guard doubtBelow > 0 else { return try BERTModel(folder, precision, blobs) }
        let second = try Self.blobs(folder, .bf16, kernels, cache, lock, notice)
        let look = SecondLook(below: doubtBelow, model: try BERTModel(folder, .bf16, second))
        return try BERTModel(folder, precision, blobs, look)
    }

    private static func blobs(
        _ folder: ModelFolder, _ precision: Precision, _ kernels: Kernels, _ cache: PackCache?,
        _ lock: Bool, _ notice: (LoadNotice) -> Void
    ) throws(EncoderError) -> WeightBlobs {
        let plan = WeightPlan(folder, precision)
        if let cache {
            let path = cache.packedPath(folder, precision.geometry)
            var found = mapped(path, folder, precision, plan, notice)
            if found == nil {
                found = try packed(path, folder, precision, plan, kernels, cache, notice)
            }
            if let blobs = found {
                blobs.prepare(lock: lock, notice)
                return blobs
            }
        }
        let packer = WeightPacker(folder: folder, kernels: kernels, pool: try pool())
        return try WeightBlobs(plan, packer)
    }

    private static func pool() throws(EncoderError) -> WorkerPool {
        do { return try WorkerPool() } catch { throw .noMemory(bytes: error.byteCount) }
    }

    /// The blobs of a valid packed file; nil where there is none.
    private static func mapped(
        _ path: String, _ folder: ModelFolder, _ precision: Precision, _ plan: WeightPlan,
        _ notice: (LoadNotice) -> Void
    ) -> WeightBlobs? {
        guard fileExists(path) else { return nil }
        do throws(WeightsError) {
            let file = try PackedFile(
                path, geometry: precision.geometry, revision: folder.revision)
            guard let blobs = WeightBlobs(file, plan) else {
                throw WeightsError(.mismatch, path, "it lacks weights that the model has")
            }
            notice(.mapped(path: path, bytes: file.byteCount))
            return blobs
        } catch {
            notice(.unusable(error.description))
            return nil
        }
    }

    /// Packs into the cache and maps; nil where the cache cannot be written.
    private static func packed(
        _ path: String, _ folder: ModelFolder, _ precision: Precision, _ plan: WeightPlan,
        _ kernels: Kernels, _ cache: PackCache, _ notice: (LoadNotice) -> Void
    ) throws(EncoderError) -> WeightBlobs? {
        let started = MonotonicClock.now
        let packer = WeightPacker(folder: folder, kernels: kernels, pool: try pool())
        do throws(EncoderError) {
            do { try cache.make() } catch { throw EncoderError.weights(error) }
            try packer.write(plan, geometry: precision.geometry, to: path) { done, total in
                notice(.packing(done: done, total: total))
            }
        } catch {
            guard case .weights(let reason) = error else { throw error }
            notice(.notCached(reason.description))
            return nil
        }
        let blobs = mapped(path, folder, precision, plan) { _ in }
        if let blobs {
            let time = MonotonicClock.now.since(started)
            notice(.packed(path: path, bytes: blobs.mappedBytes, nanoseconds: time))
        }
        return blobs
    }
}

extension WeightBlobs {
    /// Advises the kernel how the pages are used, and pins them when asked.
    fileprivate func prepare(lock: Bool, _ notice: (LoadNotice) -> Void) {
        advise()
        guard lock else { return }
        do throws(Errno) { try self.lock() } catch { notice(.notLocked(error.description)) }
    }
}
