// Attention against double precision, over odd lengths and head sizes, with a bias by distance and
// without, and its independence of the number of queries that are computed together.

import Numerics
import Randomness
import Testing

internal import func Glibc.exp

struct AttentionTests {
    struct Case: CustomTestStringConvertible {
        let tokens: Int, heads: Int, headSize: Int
        var testDescription: String { "\(tokens) tokens, \(heads) heads of \(headSize)" }
    }

    static let grid = [
        Case(tokens: 1, heads: 1, headSize: 1), Case(tokens: 2, heads: 3, headSize: 5),
        Case(tokens: 17, heads: 2, headSize: 32), Case(tokens: 31, heads: 1, headSize: 64),
        Case(tokens: 33, heads: 2, headSize: 20), Case(tokens: 129, heads: 2, headSize: 64),
    ]

    static let settings = [
        (Precision.f32, false), (.bf16, false), (.f32, true), (.bf16, true),
    ]

    @Test(arguments: Kernels.all.indices, grid)
    func matchesDouble(index: Int, test: Case) throws {
        for (precision, isBiased) in Self.settings {
            let setting = try Setting(test, precision, isBiased: isBiased)
            let context = setting.attend(Kernels.all[index], queries: 0..<test.tokens)
            #expect(context.isIntact)
            for query in 0..<test.tokens {
                for head in 0..<test.heads {
                    let expected = setting.exact(query, head)
                    for d in 0..<test.headSize {
                        let value = context.view[query][head * test.headSize + d]
                        // Weights sum to one and |v| < 1: bf16 rounds weights and scores.
                        let bound = precision == .f32 ? 3e-6 : 8e-3
                        #expect(abs(Double(value) - expected[d]) < bound)
                    }
                }
            }
        }
    }

    @Test(arguments: Kernels.all.indices)
    func aQueryDoesNotDependOnItsCompany(index: Int) throws {
        let test = Case(tokens: 75, heads: 2, headSize: 32)
        for (precision, isBiased) in Self.settings {
            let setting = try Setting(test, precision, isBiased: isBiased)
            let all = setting.attend(Kernels.all[index], queries: 0..<75)
            for queries in [0..<1, 30..<50, 70..<75] {
                let some = setting.attend(Kernels.all[index], queries: queries)
                for query in queries {
                    #expect(Array(all.view[query]) == Array(some.view[query]))
                }
            }
        }
    }

    /// A bias of zeros takes another path through the code, so a rounding may differ.
    @Test(arguments: Kernels.all.indices)
    func aBiasOfNothingChangesNothing(index: Int) throws {
        let test = Case(tokens: 75, heads: 2, headSize: 32)
        let plain = try Setting(test, .f32)
        let zeros = GuardedMatrix(rows: RelativePositions.bucketCount, columns: 2)
        let biased = try Setting(test, .f32, bias: zeros)
        let (one, two) = (
            plain.attend(Kernels.all[index], queries: 0..<75),
            biased.attend(Kernels.all[index], queries: 0..<75)
        )
        for (a, b) in zip(one.values, two.values) { #expect(abs(a - b) < 2e-6) }
    }

    /// Random q, k, v in the format of a precision, and attention over them.
    private struct Setting {
        let test: Case
        let arena: Arena
        let q, k, v: HeadOperand
        let values: [[Double]]  // q, k, v as stored
        let learnt: GuardedMatrix?  // [32, A]
        let bias: RelativeBias?

        init(_ test: Case, _ precision: Precision, isBiased: Bool) throws {
            let learnt = GuardedMatrix(
                rows: RelativePositions.bucketCount, columns: test.heads, seed: 9, scale: 3)
            try self.init(test, precision, bias: isBiased ? learnt : nil)
        }

        init(_ test: Case, _ precision: Precision, bias learnt: GuardedMatrix? = nil) throws {
            self.test = test
            self.learnt = learnt
            bias = try learnt.map { try RelativeBias($0.view.readOnly, tokens: test.tokens) }
            let hidden = test.heads * test.headSize
            arena = try Arena(byteCount: test.tokens * (hidden + 64) * 16 + 4096)
            var scratch = arena.scratch
            var numbers = RandomSource(seed: UInt64(test.tokens))
            var operands: [HeadOperand] = []
            var stored: [[Double]] = []
            for scale in [Float(3), 3, 1] {
                let operand = HeadOperand(
                    tokens: test.tokens, hidden: hidden, precision: precision, in: &scratch)
                var all: [Double] = []
                for row in 0..<test.tokens {
                    for column in 0..<hidden {
                        let x = numbers.float() * scale
                        let place = operand.at(row: row, column: column)
                        if operand.isHalf {
                            let high = UInt16(x.bitPattern >> 16)
                            place.storeBytes(of: high, as: UInt16.self)
                            all.append(Double(Float(bitPattern: UInt32(high) << 16)))
                        } else {
                            place.storeBytes(of: x, as: Float.self)
                            all.append(Double(x))
                        }
                    }
                }
                operands.append(operand)
                stored.append(all)
            }
            (q, k, v) = (operands[0], operands[1], operands[2])
            values = stored
        }

        func attend(_ kernels: Kernels, queries: Range<Int>) -> GuardedMatrix {
            let out = GuardedMatrix(rows: test.tokens, columns: test.heads * test.headSize)
            let bytes = Kernels.attentionScratchBytes(
                tokens: test.tokens, headSize: test.headSize)
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            defer { scratch.deallocate() }
            for head in 0..<test.heads {
                let task = AttentionTask(
                    q: q, k: k, v: v, context: out.view, text: 0..<test.tokens,
                    queryRow: queries.lowerBound, queryCount: queries.count, head: head,
                    headSize: test.headSize, bias: bias.map { $0.head(head) + queries.lowerBound })
                kernels.attend(task, scratch: scratch)
            }
            return out
        }

        func exact(_ query: Int, _ head: Int) -> [Double] {
            let size = test.headSize, hidden = test.heads * size
            func at(_ operand: Int, _ row: Int, _ d: Int) -> Double {
                values[operand][row * hidden + head * size + d]
            }
            let scores = (0..<test.tokens).map { key in
                let bucket = RelativePositions.bucket(distance: query - key)
                return (0..<size).reduce(0) { $0 + at(0, query, $1) * at(1, key, $1) }
                    / Double(size).squareRoot() + Double(learnt?.view[bucket][head] ?? 0)
            }
            let weights = scores.map { exp($0 - scores.max()!) }
            let sum = weights.reduce(0, +)
            return (0..<size).map { d in
                (0..<test.tokens).reduce(0) { $0 + weights[$1] * at(2, $1, d) } / sum
            }
        }
    }
}
