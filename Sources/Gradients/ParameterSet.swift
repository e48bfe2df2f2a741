// All numbers of a network that can change, with their gradients.
//
//     values     | embeddings | layer 1 | ... | layer L | head | adapters |   one block of f32
//     gradients  the same for those that are trained, in the same order, without gaps between them
//
// A parameter has a depth: 0 for the embeddings, 1...L for the layers, L + 1 for the head. Rates
// and freezing go by depth. Invariant: places never move; every tensor begins on a cache line.

internal import Numerics
internal import Syscalls

package final class ParameterSet {
    package struct Entry: Sendable {
        /// The canonical name: the reference's, without a prefix.
        package let name: String
        package let shape: [Int]
        package let depth: Int
        /// Whether weight decay applies: not to biases and norms.
        package let decays: Bool
        /// Whether it has a gradient at all.
        package let isTrained: Bool
        fileprivate(set) var start = 0
        fileprivate(set) var gradientStart = 0

        package var count: Int { shape.reduce(1, *) }
        /// Floats from one entry to the next.
        fileprivate var room: Int { (count + 15) / 16 * 16 }

        init(_ name: String, _ shape: [Int], depth: Int, isTrained: Bool) {
            self.name = name
            self.shape = shape
            self.depth = depth
            self.isTrained = isTrained
            decays = !name.hasSuffix(".bias") && !name.contains("LayerNorm")
        }
    }

    package let entries: [Entry]
    private let places: [String: Int]
    private let valueMemory: AlignedMemory
    private let gradientMemory: AlignedMemory
    /// Counts changes of values, so that whatever is derived from them knows when it is stale.
    package private(set) var version = 0

    /// Of the trained ones together, padding included.
    package let gradientCount: Int

    init(_ wanted: [Entry]) throws(NetworkError) {
        var entries = wanted
        var (values, gradients) = (0, 0)
        for index in entries.indices {
            entries[index].start = values
            entries[index].gradientStart = gradients
            values += entries[index].room
            if entries[index].isTrained { gradients += entries[index].room }
        }
        self.entries = entries
        places = Dictionary(uniqueKeysWithValues: zip(entries.map(\.name), entries.indices))
        gradientCount = gradients
        valueMemory = try Self.memory(values)
        gradientMemory = try Self.memory(gradients)
    }

    private static func memory(_ floats: Int) throws(NetworkError) -> AlignedMemory {
        let byteCount = floats * MemoryLayout<Float>.stride
        do {
            return try AlignedMemory(byteCount: byteCount, hugePages: byteCount >= 2 << 20)
        } catch { throw .noMemory(bytes: byteCount) }
    }

    package func entry(_ name: String) -> Entry? { places[name].map { entries[$0] } }

    /// The values of an entry; whoever writes them calls `markChanged`.
    package func values(_ entry: Entry) -> UnsafeMutableBufferPointer<Float> {
        let base = valueMemory.base.assumingMemoryBound(to: Float.self)
        return UnsafeMutableBufferPointer(start: base + entry.start, count: entry.count)
    }

    /// The gradient of an entry; nil when it is not trained.
    package func gradient(_ entry: Entry) -> UnsafeMutableBufferPointer<Float>? {
        guard entry.isTrained else { return nil }
        return UnsafeMutableBufferPointer(
            start: gradients + entry.gradientStart, count: entry.count)
    }

    /// All gradients, `gradientCount` floats.
    package var gradients: UnsafeMutablePointer<Float> {
        gradientMemory.base.assumingMemoryBound(to: Float.self)
    }

    package func markChanged() { version += 1 }
}

extension ParameterSet {
    func matrix(_ name: String) -> MutableMatrixView {
        let entry = self[name]
        return MutableMatrixView(
            values(entry).baseAddress!, rows: entry.shape[0], columns: entry.shape[1])
    }

    func gradientMatrix(_ name: String) -> MutableMatrixView? {
        let entry = self[name]
        return gradient(entry).map {
            MutableMatrixView($0.baseAddress!, rows: entry.shape[0], columns: entry.shape[1])
        }
    }

    func vector(_ name: String) -> UnsafeMutablePointer<Float> { values(self[name]).baseAddress! }

    func gradientVector(_ name: String) -> UnsafeMutablePointer<Float>? {
        gradient(self[name])?.baseAddress
    }

    private subscript(name: String) -> Entry {
        guard let entry = entry(name) else { preconditionFailure("\(name) is not a parameter") }
        return entry
    }
}
