// How the rate goes over the updates, as a factor of its top; p is the share of the updates done.
//
//     constant   up to 1 in the warm-up, then 1
//     linear     ... then down to 0 in a straight line
//     cosine     ... then down to 0 along half a cosine
//     slanted    from 1/32 up and back to 1/32 (ULMFiT: the warm-up is its cut, 32 its ratio)
//
// The first update already has a rate, and the last one still has.

internal import func Glibc.cos

package struct RateSchedule: Sendable {
    package enum Shape: String, Sendable, CaseIterable { case constant, linear, cosine, slanted }

    private let shape: Shape
    private let rising: Int
    private let total: Int

    private static let slantedRatio = 32.0

    /// - Parameter warmup: share of the updates in which the rate rises.
    package init(_ shape: Shape, warmup: Double, updates: Int) {
        self.shape = shape
        total = max(1, updates)
        rising = min(total, Int((warmup * Double(total)).rounded()))
    }

    /// - Parameter update: from 0 on.
    package func factor(_ update: Int) -> Double {
        let share = self.share(update)
        guard shape == .slanted else { return share }
        return (1 + share * (Self.slantedRatio - 1)) / Self.slantedRatio
    }

    private func share(_ update: Int) -> Double {
        if update < rising { return Double(update + 1) / Double(rising) }
        let left = Double(total - update) / Double(max(1, total - rising))
        return switch shape {
        case .constant: 1
        case .linear, .slanted: min(1, max(0, left))
        case .cosine: (1 - cos(.pi * min(1, max(0, left)))) / 2
        }
    }
}
