// What only training needs: on every instruction set against the plain body and against double
// precision, at sizes that do not fit the vectors.

import Numerics
import Testing

struct LearningTests {
    private static let widths = [1, 7, 16, 33, 100, 384]

    private func close(_ got: [Float], _ wanted: [Double], _ bound: Double) -> Bool {
        zip(got, wanted).allSatisfy { abs(Double($0) - $1) <= bound * max(1, abs($1)) }
    }

    /// All four ways to lay out the factors of one product, on one lane and on several.
    @Test(arguments: Kernels.all.indices, [Precision.f32, .bf16])
    func productsAlongAndDown(index: Int, precision: Precision) throws {
        let kernels = Kernels.all[index]
        // The last k is done in several parts by every table and in either precision.
        let shapes = [
            (1, 1, 1), (15, 33, 7), (60, 2, 130), (3, 100, 64), (130, 40, 31), (61, 33, 2101),
        ]
        for (m, n, k) in shapes {
            let a = GuardedMatrix(rows: m, columns: k, seed: 1)
            let b = GuardedMatrix(rows: n, columns: k, seed: 2)
            let (aDown, bDown) = (a.transposed, b.transposed)
            // Sums of k products of factors under 1, each factor rounded by 2^-9 in bf16.
            let bound = precision == .f32 ? Double(k) * 0x1p-23 : Double(k) * 0x1p-8
            let wanted = (0..<m).flatMap { row in
                (0..<n).map { reference(a.view[row], b.view[$0]).sum }
            }
            for (left, right) in [
                (Factor.along(a.view.readOnly), Factor.along(b.view.readOnly)),
                (.down(aDown.view.readOnly), .along(b.view.readOnly)),
                (.along(a.view.readOnly), .down(bDown.view.readOnly)),
                (.down(aDown.view.readOnly), .down(bDown.view.readOnly)),
            ] {
                var seen: [[Float]] = []
                for threads in [1, 3] {
                    let multiplier = Multiplier(
                        kernels: kernels, pool: try WorkerPool(threads: threads))
                    let c = GuardedMatrix(rows: m, columns: n)
                    try multiplier.multiply(left, right, precision: precision, into: c.view)
                    #expect(close(c.values, wanted, bound) && c.isIntact)
                    seen.append(c.values)
                    try multiplier.multiply(left, right, .add, precision: precision, into: c.view)
                    #expect(close(c.values, wanted.map { 2 * $0 }, 2 * bound))
                    let bias = [Float](repeating: 0.5, count: n)
                    try multiplier.multiply(
                        left, right, bias: bias, precision: precision, into: c.view)
                    #expect(close(c.values, wanted.map { $0 + 0.5 }, bound))
                }
                #expect(seen[0] == seen[1], "threads change nothing")
            }
        }
    }

    @Test(arguments: Kernels.all.indices, [Epilogue.geluErf, .geluTanh, .relu, .tanh])
    func slopesAreDerivatives(index: Int, epilogue: Epilogue) {
        let inputs = (-1200...1200).map { Float($0) * 0.0051 + 0.0007 }
        let x = GuardedMatrix(rows: 1, columns: inputs.count)
        let d = GuardedMatrix(rows: 1, columns: inputs.count) { 2 }
        for (at, value) in inputs.enumerated() { x.view[0][at] = value }
        Kernels.all[index].activateBackward(x.view.readOnly, d.view, epilogue, rows: 0..<1)
        // Central differences over h: off by h²/6 times a third derivative of at most 3.
        let h = 1e-4
        let wanted = inputs.map { input in
            let (low, high) = (Double(input) - h, Double(input) + h)
            let difference =
                FunctionTests.exact(epilogue, high, residual: 0)
                - FunctionTests.exact(epilogue, low, residual: 0)
            return difference / h
        }
        #expect(close(d.values, wanted, 2e-6) && d.isIntact)
    }

    @Test(arguments: Kernels.all.indices, widths)
    func normsGoBackwards(index: Int, width: Int) throws {
        let rows = 9, kernels = Kernels.all[index]
        let x = GuardedMatrix(rows: rows, columns: width, seed: 3)
        let dy = GuardedMatrix(rows: rows, columns: width, seed: 4)
        let dx = GuardedMatrix(rows: rows, columns: width)
        let sums = GuardedMatrix(rows: 2, columns: width) { 0.5 }
        let weights = GuardedMatrix(rows: 2, columns: width, seed: 5)
        let arena = try Arena(
            byteCount: Scratch.measure { _ = RowStatistics(rows: rows, in: &$0) })
        var scratch = arena.scratch
        let statistics = RowStatistics(rows: rows, in: &scratch)
        let norm = RowNorm(
            gamma: weights.view[0].baseAddress!, beta: weights.view[1].baseAddress!, epsilon: 1e-3)
        kernels.normBackward(
            x.view.readOnly, norm, dy.view.readOnly, into: dx.view, rows: 0..<rows,
            statistics: statistics)
        for part in [0..<width / 2, width / 2..<width] {
            kernels.normSums(
                x.view.readOnly, dy.view.readOnly, columns: part, statistics: statistics,
                gamma: sums.view[0].baseAddress!, beta: sums.view[1].baseAddress!)
        }
        #expect(dx.isIntact && sums.isIntact)
        let wanted = normGradients(
            x, dy, gamma: weights.view[0].map(Double.init), epsilon: Double(norm.epsilon))
        // The inverse deviation is at most 1/√ε = 32, and magnifies what rounds before it.
        #expect(close(dx.values, wanted.dx, 32 * 8 * 0x1p-23))
        #expect(close(sums.values, wanted.sums.map { 0.5 + $0 }, 32 * 8 * 0x1p-23))
        withExtendedLifetime((arena, weights)) {}
    }

    /// With n = (x - mean) / deviation and g = dy · gamma, in a row:
    ///     dx = (g - mean(g) - n mean(g n)) / deviation
    /// and down the columns the gradients of gamma, Σ dy n, and of beta, Σ dy.
    private func normGradients(
        _ x: GuardedMatrix, _ dy: GuardedMatrix, gamma: [Double], epsilon: Double
    ) -> (dx: [Double], sums: [Double]) {
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        var dx: [Double] = []
        var gammas = [Double](repeating: 0, count: gamma.count)
        var betas = gammas
        for row in 0..<x.rows {
            let values = x.view[row].map(Double.init), slopes = dy.view[row].map(Double.init)
            let middle = mean(values)
            let variance = mean(values.map { ($0 - middle) * ($0 - middle) })
            let inverse = 1 / (variance + epsilon).squareRoot()
            let normal = values.map { ($0 - middle) * inverse }
            let scaled = zip(slopes, gamma).map { $0 * $1 }
            let along = mean(zip(scaled, normal).map { $0 * $1 }), shift = mean(scaled)
            for column in normal.indices {
                dx.append(inverse * (scaled[column] - shift - normal[column] * along))
                gammas[column] += slopes[column] * normal[column]
                betas[column] += slopes[column]
            }
        }
        return (dx, gammas + betas)
    }

    @Test(arguments: Kernels.all.indices, widths)
    func softmaxGoesBackwards(index: Int, width: Int) {
        let p = GuardedMatrix(rows: 3, columns: width, seed: 6, scale: 4)
        let d = GuardedMatrix(rows: 3, columns: width, seed: 7)
        let before = d.values.map(Double.init)
        Kernels.all[index].softmax(p.view)
        let weights = p.values.map(Double.init)
        Kernels.all[index].softmaxBackward(p.view.readOnly, d.view, factor: 0.5)
        let wanted = (0..<3 * width).map { at in
            let row = at / width * width..<(at / width + 1) * width
            let mean = row.reduce(0.0) { $0 + weights[$1] * before[$1] }
            return weights[at] * (before[at] - mean) * 0.5
        }
        #expect(close(d.values, wanted, 1e-6) && p.isIntact && d.isIntact)
        for row in 0..<3 {
            let sum = p.view[row].reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - 1) < 1e-6)
        }
    }

    private func dropped(by kernels: Kernels) -> [Float] {
        let mask = DropoutMask(probability: 0.3, key: 0x1234_5678_9abc_def0)
        let x = GuardedMatrix(rows: 211, columns: 97) { 1 }
        kernels.drop(mask, x.view, rows: 0..<100)
        kernels.drop(mask, x.view, rows: 100..<211)
        #expect(x.isIntact)
        return x.values
    }

    @Test(arguments: Kernels.all.indices)
    func dropoutDropsItsShare(index: Int) {
        let values = dropped(by: Kernels.all[index])
        #expect(Set(values) == [0, 1 / 0.7])
        // 20,467 draws: a deviation of √(0.21 / 20467) = 0.0032; five of them.
        let share = Double(values.filter { $0 == 0 }.count) / Double(values.count)
        #expect(abs(share - 0.3) < 0.016)
    }

    @Test(arguments: Kernels.all.indices.dropFirst())
    func dropoutDropsTheSameEverywhere(index: Int) {
        #expect(dropped(by: Kernels.all[index]) == dropped(by: Kernels.all[0]))
    }

    @Test(arguments: Kernels.all.indices)
    func sumsAndSteps(index: Int) {
        let kernels = Kernels.all[index]
        let x = GuardedMatrix(rows: 50, columns: 37, seed: 8)
        let sums = GuardedMatrix(rows: 1, columns: 37)
        kernels.sumDown(x.view.readOnly, columns: 0..<20, into: sums.view[0].baseAddress!)
        kernels.sumDown(x.view.readOnly, columns: 20..<37, into: sums.view[0].baseAddress!)
        let wanted = (0..<37).map { column in
            (0..<50).reduce(0.0) { $0 + Double(x.view[$1][column]) }
        }
        #expect(close(sums.values, wanted, 50 * 0x1p-23) && sums.isIntact)
        let squares = kernels.sumOfSquares(sums.view[0].baseAddress!, count: 37)
        let exact = sums.values.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(squares - exact) <= 1e-12 * exact)
        kernels.scale(sums.view[0].baseAddress!, count: 37, by: -2)
        kernels.accumulate(sums.view[0].baseAddress!, count: 37, into: x.view[3].baseAddress!)
        #expect(close(sums.values, wanted.map { -2 * $0 }, 1e-5) && x.isIntact)
    }
}

extension GuardedMatrix {
    fileprivate var transposed: GuardedMatrix {
        let turned = GuardedMatrix(rows: columns, columns: rows)
        for row in 0..<rows {
            for column in 0..<columns { turned.view[column][row] = view[row][column] }
        }
        return turned
    }
}
