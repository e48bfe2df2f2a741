// Matrix products: every instruction set of this processor x precision x shape.
//
// Tolerances are derived from the operands: f32 from the length of the sum, bf16 from the rounding
// of each operand, int8 from half a step of each scale. The integer product must be equal to the
// scalar one bit for bit, and every product bit for bit the same however it is cut up.

import Numerics
import Testing

struct Shape: CustomTestStringConvertible {
    let rows: Int, width: Int, columns: Int
    var testDescription: String { "\(rows) x \(width) x \(columns)" }

    static let grid = [
        Shape(rows: 1, width: 1, columns: 1), Shape(rows: 1, width: 64, columns: 32),
        Shape(rows: 2, width: 3, columns: 31), Shape(rows: 5, width: 37, columns: 33),
        Shape(rows: 13, width: 65, columns: 64), Shape(rows: 14, width: 63, columns: 7),
        Shape(rows: 15, width: 128, columns: 96), Shape(rows: 29, width: 130, columns: 97),
        Shape(rows: 96, width: 257, columns: 40), Shape(rows: 3, width: 4096, columns: 32),
        Shape(rows: 301, width: 48, columns: 35), Shape(rows: 16, width: 1024, columns: 64),
    ]
}

struct ProductTests {
    @Test(arguments: Kernels.all.indices, Shape.grid)
    func staysWithinTheDerivedBound(index: Int, shape: Shape) throws {
        let kernels = Kernels.all[index]
        let x = GuardedMatrix(rows: shape.rows, columns: shape.width, seed: 1)
        let w = GuardedMatrix(rows: shape.columns, columns: shape.width, seed: 2)
        let bias = (0..<shape.columns).map { Float($0 % 7) - 3 }
        for precision in Precision.allCases {
            let y = GuardedMatrix(rows: shape.rows, columns: shape.columns)
            try product(x, w, bias: bias, .store, precision, kernels, into: y)
            #expect(y.isIntact && x.isIntact && w.isIntact)
            for row in 0..<shape.rows {
                for column in 0..<shape.columns {
                    let (sum, absolute) = reference(x.view[row], w.view[column])
                    let error = abs(Double(y.view[row][column]) - sum - Double(bias[column]))
                    let bound = Self.bound(precision, x.view[row], w.view[column], absolute)
                    #expect(error <= bound, "\(kernels.name) \(precision) [\(row), \(column)]")
                }
            }
        }
    }

    /// u = 2^-24 a rounding of f32, over K + 2 of them; bf16 rounds each operand by 2^-8; int8 is
    /// off by half a step in each operand.
    private static func bound(
        _ precision: Precision, _ x: UnsafeMutableBufferPointer<Float>,
        _ w: UnsafeMutableBufferPointer<Float>, _ absolute: Double
    ) -> Double {
        let rounding = (absolute + 4) * Double(x.count + 4) * 0x1p-23
        switch precision {
        case .f32: return rounding
        case .bf16: return rounding + absolute * 0x1.02p-7
        case .int8:
            let range = Double(max(0, x.max()!) - min(0, x.min()!))
            let xStep = range / 255, wStep = Double(w.map(abs).max()!) / 127
            let sumW = w.reduce(0.0) { $0 + Double(abs($1)) }
            let sumX = x.reduce(0.0) { $0 + Double(abs($1)) }
            return rounding + xStep * sumW / 2 * 1.01 + wStep * sumX / 2 * 1.01
                + xStep * wStep * Double(x.count)
        }
    }

    @Test(arguments: Kernels.all.indices.dropFirst(), Shape.grid)
    func integersAreEqualAcrossInstructionSets(index: Int, shape: Shape) throws {
        let x = GuardedMatrix(rows: shape.rows, columns: shape.width, seed: 3, scale: 5)
        let w = GuardedMatrix(rows: shape.columns, columns: shape.width, seed: 4)
        let plain = GuardedMatrix(rows: shape.rows, columns: shape.columns)
        let fast = GuardedMatrix(rows: shape.rows, columns: shape.columns)
        let bias = (0..<shape.columns).map { Float($0) * 0.3 }
        try product(x, w, bias: bias, .store, .int8, Kernels.all[0], into: plain)
        try product(x, w, bias: bias, .store, .int8, Kernels.all[index], into: fast)
        #expect(plain.values == fast.values)
    }

    /// The largest sums there can be: every activation 255, every weight 127. An instruction that
    /// adds pairs in 16 bits would saturate here.
    @Test(arguments: Kernels.all.indices)
    func nothingSaturates(index: Int) throws {
        let x = GuardedMatrix(rows: 3, columns: 4096) { 1 }
        let w = GuardedMatrix(rows: 33, columns: 4096) { 1 }
        let y = GuardedMatrix(rows: 3, columns: 33)
        try product(x, w, bias: nil, .store, .int8, Kernels.all[index], into: y)
        #expect(y.values.allSatisfy { abs($0 - 4096) < 0.01 })
    }

    /// Bytes know no NaN: wherever one stands, all products of its row or column must be NaN, and
    /// no others.
    @Test(arguments: Kernels.all.indices, Precision.allCases)
    func whatIsNotFiniteIsNeverLost(index: Int, precision: Precision) throws {
        let cases: [(width: Int, odd: Float)] = [
            (1, .nan), (37, .nan), (64, .infinity), (131, -.infinity),
        ]
        for (width, odd) in cases {
            for place in 0..<width {
                let x = GuardedMatrix(rows: 3, columns: width, seed: 12)
                let w = GuardedMatrix(rows: 33, columns: width, seed: 13)
                x.view[1][place] = odd
                w.view[32][width - 1 - place] = odd
                let y = GuardedMatrix(rows: 3, columns: 33)
                try product(x, w, bias: nil, .store, precision, Kernels.all[index], into: y)
                let isFinite = (0..<99).map { $0 / 33 != 1 && $0 % 33 != 32 }
                #expect(y.values.map(\.isFinite) == isFinite, "\(width), \(odd) at \(place)")
            }
        }
    }

    /// Where the steps of a range are more than a float holds, its values are 0.
    @Test(arguments: Kernels.all.indices, [-120, -127, -140, -149])
    func tinyRangesStayTiny(index: Int, exponent: Int) throws {
        let size = Float(sign: .plus, exponent: exponent, significand: 1)
        let x = GuardedMatrix(rows: 2, columns: 70) { 1 }
        for k in 0..<70 { x.view[1][k] = k % 2 == 0 ? size : -size }
        let w = GuardedMatrix(rows: 3, columns: 70) { 1 }
        for k in 0..<70 { w.view[2][k] = k % 3 == 0 ? size : -size }
        let y = GuardedMatrix(rows: 2, columns: 3)
        try product(x, w, bias: nil, .store, .int8, Kernels.all[index], into: y)
        #expect(y.values[0...1].allSatisfy { abs($0 - 70) < 1e-4 })
        #expect(y.values[2...].allSatisfy { abs($0) <= 70 * size })
    }

    @Test(arguments: Kernels.all.indices, Precision.allCases)
    func aRowDoesNotDependOnItsCompany(index: Int, precision: Precision) throws {
        let kernels = Kernels.all[index]
        let x = GuardedMatrix(rows: 45, columns: 130, seed: 5)
        let w = GuardedMatrix(rows: 100, columns: 130, seed: 6)
        let bias = (0..<100).map { Float($0) * 0.01 }
        let together = GuardedMatrix(rows: 45, columns: 100)
        try product(x, w, bias: bias, .geluErf, precision, kernels, into: together, parts: 3)
        for rows in [0..<1, 7..<23, 30..<45] {
            let some = GuardedMatrix(rows: rows.count, columns: 130)
            for row in rows { _ = some.view[row - rows.lowerBound].update(from: x.view[row]) }
            let alone = GuardedMatrix(rows: rows.count, columns: 100)
            try product(some, w, bias: bias, .geluErf, precision, kernels, into: alone)
            let expected = rows.flatMap { Array(together.view[$0]) }
            #expect(alone.values == expected)
        }
    }

    @Test(arguments: Kernels.all.indices, Epilogue.allCases)
    func epiloguesMatchTheirDefinition(index: Int, epilogue: Epilogue) throws {
        let kernels = Kernels.all[index]
        let x = GuardedMatrix(rows: 17, columns: 40, seed: 7)
        let w = GuardedMatrix(rows: 45, columns: 40, seed: 8)
        let bias = (0..<45).map { Float($0 - 20) * 0.1 }
        for precision in Precision.allCases {
            let plain = GuardedMatrix(rows: 17, columns: 45)
            try product(x, w, bias: bias, .store, precision, kernels, into: plain)
            let y = GuardedMatrix(rows: 17, columns: 45) { 2.5 }
            try product(x, w, bias: bias, epilogue, precision, kernels, into: y)
            for (value, before) in zip(y.values, plain.values) {
                let expected = FunctionTests.exact(epilogue, Double(before), residual: 2.5)
                let bound = FunctionTests.bound(epilogue, Double(before), precision)
                #expect(abs(Double(value) - expected) <= bound)
            }
            #expect(y.isIntact)
        }
    }

    /// A trained BERT has a few dimensions whose activations are a hundred times the others'. With
    /// a scale per token such a token is coarse; the others must not be.
    @Test func outliersStayWithTheirToken() throws {
        let kernels = Kernels.best()
        let x = GuardedMatrix(rows: 20, columns: 512, seed: 9)
        x.view[3][77] = 300
        x.view[11][5] = -250
        let w = GuardedMatrix(rows: 64, columns: 512, seed: 10, scale: 0.05)
        let y = GuardedMatrix(rows: 20, columns: 64)
        try product(x, w, bias: nil, .store, .int8, kernels, into: y)
        for row in 0..<20 {
            // A token's own step, from its own range: 2/255 for most, 300/255 for two.
            for column in 0..<64 {
                let (sum, absolute) = reference(x.view[row], w.view[column])
                let bound = Self.bound(.int8, x.view[row], w.view[column], absolute)
                #expect(abs(Double(y.view[row][column]) - sum) <= bound)
                if row != 3 && row != 11 { #expect(bound < 0.2) }
            }
        }
    }

    /// Of the variable that chooses a table: good names pass, others are told with the good ones.
    @Test func aTableThatIsNotThereIsComplainedOf() throws {
        #expect(Kernels.complaint({ _ in nil }) == nil)
        for kernels in Kernels.all { #expect(Kernels.complaint({ _ in kernels.name }) == nil) }
        for name in ["avx215", "AVX2", "scalar "] {
            let complaint = try #require(Kernels.complaint({ _ in name }))
            #expect(complaint.contains("TEXTFLIX_ISA: '\(name)'"))
            for kernels in Kernels.all { #expect(complaint.contains(kernels.name)) }
        }
        let isRefused = Kernels.complaint({ _ in "openblas" }) != nil
        #expect(isRefused == (Kernels(isa: "openblas") == nil))
    }
}
