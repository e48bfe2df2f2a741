// Activations, layer norm and softmax against double precision, within their stated bounds.

import Numerics
import Testing

internal import func Glibc.erf
internal import func Glibc.exp
internal import func Glibc.tanh

struct FunctionTests {
    static func exact(_ epilogue: Epilogue, _ x: Double, residual: Double) -> Double {
        switch epilogue {
        case .store: x
        case .add: x + residual
        case .geluErf: 0.5 * x * (1 + erf(x * 0.5.squareRoot()))
        case .geluTanh:
            0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .relu: max(0, x)
        case .tanh: tanh(x)
        }
    }

    /// The bounds that functions.inc.h states; bf16 and int8 use the quick GELU.
    static func bound(_ epilogue: Epilogue, _ x: Double, _ precision: Precision) -> Double {
        let rounding = max(1, abs(x)) * 0x1p-22
        return epilogue == .geluErf && precision != .f32 ? rounding + 2e-5 : 2 * rounding
    }

    @Test(arguments: Kernels.all.indices, Epilogue.allCases.filter { $0 != .add })
    func activationsKeepTheirBound(index: Int, epilogue: Epilogue) {
        var x: [Float] = (-4000...4000).map { Float($0) * 0.005 }
        x += [0, -0.0, 1e-30, 100, -100, 1e30, -1e30, .greatestFiniteMagnitude]
        let y = GuardedMatrix(rows: 1, columns: x.count)
        for (i, value) in x.enumerated() { y.view[0][i] = value }
        Kernels.all[index].activate(y.view, epilogue)
        for (value, input) in zip(y.values, x) {
            let expected = Self.exact(epilogue, Double(input), residual: 0)
            let bound = Self.bound(epilogue, Double(input), .f32)
            #expect(abs(Double(value) - expected) <= bound, "\(epilogue) of \(input)")
        }
        #expect(y.isIntact)
    }

    @Test(arguments: Kernels.all.indices)
    func notANumberStaysOne(index: Int) {
        for epilogue in Epilogue.allCases {
            let y = GuardedMatrix(rows: 1, columns: 21) { .nan }
            Kernels.all[index].activate(y.view, epilogue)
            #expect(y.values.allSatisfy { $0.isNaN }, "\(epilogue)")
        }
    }

    @Test(arguments: Kernels.all.indices, [1, 2, 15, 16, 17, 384, 1023])
    func layerNormMatchesDouble(index: Int, width: Int) {
        let x = GuardedMatrix(rows: 5, columns: width, seed: 11, scale: 3)
        let before = x.values.map(Double.init)
        let gamma = (0..<width).map { 1 + Float($0 % 5) * 0.1 }
        let beta = (0..<width).map { Float($0 % 3) - 1 }
        gamma.withUnsafeBufferPointer { g in
            beta.withUnsafeBufferPointer { b in
                let norm = RowNorm(gamma: g.baseAddress!, beta: b.baseAddress!, epsilon: 1e-12)
                Kernels.all[index].layerNorm(x.view, norm)
            }
        }
        #expect(x.isIntact)
        for row in 0..<5 where width > 1 {
            let values = before[row * width..<(row + 1) * width]
            let mean = values.reduce(0, +) / Double(width)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            for (i, value) in values.enumerated() {
                let normal = (value - mean) / (variance + 1e-12).squareRoot()
                let expected = normal * Double(gamma[i]) + Double(beta[i])
                // The mean is off by at most width roundings of the largest value.
                let bound = 3 * Double(width + 8) * 0x1p-24 * 3 / variance.squareRoot() + 1e-6
                #expect(abs(Double(x.view[row][i]) - expected) <= bound)
            }
        }
    }

    @Test(arguments: Kernels.all.indices, [1, 3, 16, 100])
    func softmaxSumsToOne(index: Int, width: Int) {
        let x = GuardedMatrix(rows: 4, columns: width, seed: 12, scale: 30)
        let before = x.values.map(Double.init)
        Kernels.all[index].softmax(x.view)
        #expect(x.isIntact)
        for row in 0..<4 {
            let scores = before[row * width..<(row + 1) * width]
            let most = scores.max()!
            let sum = scores.reduce(0) { $0 + exp($1 - most) }
            for (i, score) in scores.enumerated() {
                #expect(abs(Double(x.view[row][i]) - exp(score - most) / sum) < 1e-6)
            }
        }
    }
}
