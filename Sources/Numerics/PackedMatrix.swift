// Weights [N, K] in the order in which the product reads them.
//
//     panels   [N / 32 panels][units of K][32 columns] units of 4 bytes, zero-padded
//     scales   [N to 32] f32, int8 only: w = scale * q, q in -127...127
//     sums     [N to 32] i32, int8 only: sum of q over K
//
// The three parts lie one after the other, each a multiple of 64 bytes long, so that the whole is
// one block that can be written to a file and mapped again. The layout is the same for every
// instruction set. Invariant: constant once made; views mapped bytes or memory of its own.

internal import CKernels
internal import Syscalls

package final class PackedMatrix: Sendable {
    /// Changes whenever the meaning of the bytes does.
    package static let layoutVersion: UInt32 = 1
    package static let panelColumns = 32

    package let precision: Precision
    /// N, output channels.
    package let columns: Int
    /// K, what a dot product runs over.
    package let width: Int
    /// Safe to share: written only while it is made; the owner of mapped bytes outlives it.
    nonisolated(unsafe) package let bytes: UnsafeRawBufferPointer
    private let memory: AlignedMemory?

    package var panelCount: Int { Self.panels(columns) }

    private static func panels(_ columns: Int) -> Int {
        (columns + panelColumns - 1) / panelColumns
    }

    private static func panelBytes(_ columns: Int, _ width: Int, _ precision: Precision) -> Int {
        panels(columns) * panelColumns * precision.units(width) * 4
    }

    /// Bytes of a packed matrix [N, K]; a multiple of 64.
    package static func byteCount(columns: Int, width: Int, precision: Precision) -> Int {
        let perColumn = precision == .int8 ? 8 : 0
        return panelBytes(columns, width, precision) + panels(columns) * panelColumns * perColumn
    }

    /// Packs row-major weights [N, K] into memory of its own, in parallel.
    package convenience init(
        _ weights: MatrixView, precision: Precision, kernels: Kernels, pool: WorkerPool
    ) throws(OutOfMemory) {
        let count = Self.byteCount(
            columns: weights.rows, width: weights.columns, precision: precision)
        let memory: AlignedMemory
        do {
            memory = try AlignedMemory(byteCount: count, hugePages: count >= 2 << 20)
        } catch { throw OutOfMemory(byteCount: count) }
        Self.pack(weights, precision: precision, kernels: kernels, pool: pool, into: memory.bytes)
        self.init(
            bytes: UnsafeRawBufferPointer(memory.bytes), memory: memory, columns: weights.rows,
            width: weights.columns, precision: precision)
    }

    /// A view over bytes packed before; they must stay mapped while the matrix is used.
    /// - Returns: nil when the bytes are misaligned or not exactly as many as the shape needs.
    package convenience init?(
        viewing bytes: UnsafeRawBufferPointer, columns: Int, width: Int, precision: Precision
    ) {
        let count = Self.byteCount(columns: columns, width: width, precision: precision)
        guard bytes.count == count, UInt(bitPattern: bytes.baseAddress) % 64 == 0 else {
            return nil
        }
        self.init(bytes: bytes, memory: nil, columns: columns, width: width, precision: precision)
    }

    private init(
        bytes: UnsafeRawBufferPointer, memory: consuming AlignedMemory?, columns: Int, width: Int,
        precision: Precision
    ) {
        self.bytes = bytes
        self.memory = memory
        self.columns = columns
        self.width = width
        self.precision = precision
    }

    /// Packs row-major weights [N, K] into `bytes`, whose count is `byteCount(...)`.
    package static func pack(
        _ weights: MatrixView, precision: Precision, kernels: Kernels, pool: WorkerPool,
        into bytes: UnsafeMutableRawBufferPointer
    ) {
        let columns = weights.rows, width = weights.columns
        precondition(bytes.count == byteCount(columns: columns, width: width, precision: precision))
        let base = bytes.baseAddress!
        let scales = base + panelBytes(columns, width, precision)
        var request = tf_pack_weights()
        request.w = weights.base
        request.w_stride = Int64(weights.stride)
        request.width = Int32(width)
        request.columns = Int32(columns)
        request.panels = base
        if precision == .int8 {
            let padded = panels(columns) * panelColumns
            request.scale = scales.assumingMemoryBound(to: Float.self)
            request.sum = (scales + padded * 4).assumingMemoryBound(to: Int32.self)
        }
        request.units = Int64(precision.units(width))
        let whole = request
        pool.run { lane in
            let range = lane.share(of: panels(columns))
            var part = whole
            part.first_panel = Int32(range.lowerBound)
            part.end_panel = Int32(range.upperBound)
            kernels.packWeights(&part, precision)
        }
    }

    /// As the kernels see it.
    var weights: tf_weights {
        let base = bytes.baseAddress!
        let scales = base + Self.panelBytes(columns, width, precision)
        let isInt8 = precision == .int8
        let padded = panelCount * Self.panelColumns
        return tf_weights(
            panels: base, scale: isInt8 ? scales.assumingMemoryBound(to: Float.self) : nil,
            sum: isInt8 ? (scales + padded * 4).assumingMemoryBound(to: Int32.self) : nil,
            units: Int64(precision.units(width)), columns: Int32(columns))
    }
}
