// Limited-memory BFGS (Nocedal 1980) from zero, for smooth convex functions of a few thousand
// unknowns: the last pairs of steps and changes of the gradient stand for the curvature; a step is
// halved until the value falls enough (Armijo).

struct LBFGS {
    private(set) var point: [Double]
    private let memory: Int
    private var pairs: [(step: [Double], change: [Double], scale: Double)] = []

    init(count: Int, memory: Int) {
        point = Array(repeating: 0, count: count)
        self.memory = memory
    }

    /// - Returns: how many steps it took; it ends where the value falls by less than 1e-9 of it.
    mutating func minimise(
        steps: Int, _ evaluate: ([Double]) throws -> (value: Double, gradient: [Double])
    ) rethrows -> Int {
        var (value, gradient) = try evaluate(point)
        for step in 0..<steps {
            let direction = direction(gradient)
            let slope = Self.dot(direction, gradient)
            guard slope < 0 else { return step }
            // Nothing is known of the scale before the first step.
            var size = pairs.isEmpty ? 1 / max(1, Self.dot(gradient, gradient).squareRoot()) : 1
            var trial = moved(direction, size)
            var next = try evaluate(trial)
            while next.value > value + 1e-4 * size * slope, size > 1e-12 {
                size /= 2
                trial = moved(direction, size)
                next = try evaluate(trial)
            }
            guard next.value < value else { return step }
            remember(
                step: zip(trial, point).map { $0 - $1 },
                change: zip(next.gradient, gradient).map { $0 - $1 })
            let fall = value - next.value
            point = trial
            (value, gradient) = next
            if fall < 1e-9 * abs(value) { return step + 1 }
        }
        return steps
    }

    /// Minus the gradient, times the pairs' estimate of the inverse curvature: two loops.
    private func direction(_ gradient: [Double]) -> [Double] {
        var direction = gradient.map { -$0 }
        var shares: [Double] = []
        for pair in pairs.reversed() {
            let share = pair.scale * Self.dot(pair.step, direction)
            shares.append(share)
            Self.add(-share, pair.change, to: &direction)
        }
        if let last = pairs.last {
            let scale = 1 / (last.scale * Self.dot(last.change, last.change))
            for at in direction.indices { direction[at] *= scale }
        }
        for (pair, share) in zip(pairs, shares.reversed()) {
            let back = pair.scale * Self.dot(pair.change, direction)
            Self.add(share - back, pair.step, to: &direction)
        }
        return direction
    }

    private mutating func remember(step: [Double], change: [Double]) {
        let curvature = Self.dot(step, change)
        guard curvature > 1e-12 * Self.dot(change, change) else { return }
        pairs.append((step, change, 1 / curvature))
        if pairs.count > memory { pairs.removeFirst() }
    }

    private func moved(_ direction: [Double], _ size: Double) -> [Double] {
        var moved = point
        Self.add(size, direction, to: &moved)
        return moved
    }

    private static func dot(_ left: [Double], _ right: [Double]) -> Double {
        var sum = 0.0
        for at in left.indices { sum += left[at] * right[at] }
        return sum
    }

    private static func add(_ scale: Double, _ values: [Double], to sum: inout [Double]) {
        for at in sum.indices { sum[at] += scale * values[at] }
    }
}
