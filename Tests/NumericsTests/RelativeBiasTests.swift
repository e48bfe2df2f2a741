// Relative positions: which bucket a distance falls into, and the table that attention reads.

import Numerics
import Testing

internal import func Glibc.log

struct RelativeBiasTests {
    /// The published formula in double, where rounding cannot matter.
    @Test func bucketsAreTheFormulas() {
        for distance in -5000...5000 {
            let bucket = RelativePositions.bucket(distance: distance)
            let magnitude = Double(distance.magnitude)
            let inner = Double(distance < 0 ? bucket - 16 : bucket)
            #expect((0..<16).contains(inner))
            guard magnitude >= 8 else {
                #expect(inner == magnitude)
                continue
            }
            let exact = min(8 + log(magnitude / 8) / log(16) * 8, 15.5)
            #expect(inner <= exact + 1e-9 && inner > exact - 1 - 1e-9, "\(distance)")
        }
    }

    /// Where a bucket ends, as the reference computes it in f32 (transformers 5.24).
    @Test(arguments: [
        (7, 7), (8, 8), (11, 8), (12, 9), (15, 9), (16, 10), (22, 10), (23, 11), (31, 11), (32, 12),
        (45, 12), (46, 13), (63, 13), (64, 14), (90, 14), (91, 15), (127, 15), (128, 15), (511, 15),
    ])
    func bucketsEndWhereTheReferenceHasIt(_ distance: Int, _ bucket: Int) {
        #expect(RelativePositions.bucket(distance: distance) == bucket)
        #expect(RelativePositions.bucket(distance: -distance) == bucket + 16)
    }

    @Test func theTableHasEveryPairOfPositions() throws {
        let learnt = GuardedMatrix(rows: 32, columns: 3, seed: 5)
        let tokens = 140
        let bias = try RelativeBias(learnt.view.readOnly, tokens: tokens)
        for head in 0..<3 {
            let values = bias.head(head)
            for query in stride(from: 0, to: tokens, by: 7) {
                for key in 0..<tokens {
                    let bucket = RelativePositions.bucket(distance: query - key)
                    #expect(values[query - key] == learnt.view[bucket][head])
                }
            }
        }
    }
}
