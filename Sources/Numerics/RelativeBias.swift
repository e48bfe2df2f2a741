// MPNet's relative position bias: what attention adds to a score by how far query and key are
// apart.
//
//     distance i - j    ...  -9 -8 | -7 ... -1 | 0  1 ... 7 | 8 ... 11  12 ... 15  16 ... 22  ...
//     bucket            ...  24 24 | 23 ... 17 | 0  1 ... 7 |    8          9         10     ... 15
//
// A learnt table has one row a bucket, one column a head. 16 buckets are for keys up to the query's
// own place, 16 for those after it: distances under 8 have one each, further ones share, in steps
// of √2, and from 91 on there is one for all. The reference's
// 8 + ⌊ln(d / 8) / ln(128 / 8) · 8⌋ is 8 + ⌊log2(d² / 64)⌋, which integers compute exactly.
//
// `RelativeBias` has these values spread out, one row a head, so that attention reads 32 queries of
// one key as neighbours. Invariant: constant once made, and readable as far as the kernels read.

internal import CKernels

package enum RelativePositions {
    /// Rows of the learnt table. The reference's code knows no other number.
    package static let bucketCount = 32

    /// - Parameter distance: the query's position less the key's.
    package static func bucket(distance: Int) -> Int {
        let magnitude = distance.magnitude
        let side = distance < 0 ? bucketCount / 2 : 0
        guard magnitude >= 8 else { return side + Int(magnitude) }
        let step = UInt.bitWidth - 1 - (magnitude * magnitude / 64).leadingZeroBitCount
        return side + min(8 + step, bucketCount / 2 - 1)
    }
}

package final class RelativeBias: Sendable {
    private let arena: Arena
    private let table: MatrixView  // [A, slots]
    private let tokens: Int

    /// - Parameters:
    ///   - buckets: the learnt table [32, A].
    ///   - tokens: of the longest text.
    /// - Throws: when there is no memory.
    package init(_ buckets: MatrixView, tokens: Int) throws(OutOfMemory) {
        precondition(buckets.rows == RelativePositions.bucketCount && tokens > 0)
        let slots = 2 * tokens - 1 + Int(TF_BIAS_SLACK)
        arena = try Arena(
            byteCount: Scratch.measure { _ = $0.matrix(rows: buckets.columns, columns: slots) })
        var scratch = arena.scratch
        let spread = scratch.matrix(rows: buckets.columns, columns: slots)
        for slot in 0..<slots {
            let row = buckets[RelativePositions.bucket(distance: slot - (tokens - 1))]
            for head in 0..<buckets.columns { spread[head][slot] = row[head] }
        }
        table = spread.readOnly
        self.tokens = tokens
    }

    /// The bias of one head: that of query i and key j stands at i - j, both under `tokens`.
    package func head(_ head: Int) -> UnsafePointer<Float> {
        table[head].baseAddress! + (tokens - 1)
    }
}
