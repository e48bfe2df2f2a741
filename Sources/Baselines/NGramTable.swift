// What a linear text model serves: each n-gram's weight and coefficient, found by its name.
//
//     slot (16 bytes): u64 name, 0 where free | f32 weight | f32 coefficient      little-endian
//
// Open addressing, linear probing from the name's low bits, at most two thirds full, a power of two
// of slots: one cache line answers most look-ups. The table is a tensor of a safetensors file
// ("table", U64 [slots, 2]) and is used where it is mapped.
//
// Invariant: a table that was opened has a free slot, so every probe ends.

internal import Weights

struct NGramTable: @unchecked Sendable {
    struct Entry {
        let weight: Float
        let coefficient: Float
    }

    // Sendable: the mapping is read-only and kept alive by `tensor`.
    private let tensor: TensorView
    private let slots: UnsafeBufferPointer<UInt64>
    private let mask: Int

    var byteCount: Int { tensor.bytes.count }

    /// nil where the tensor is not such a table.
    init?(_ tensor: TensorView) {
        let count = tensor.elementCount / 2
        guard tensor.type == .uint64, tensor.shape == [count, 2], count > 0,
            count & (count - 1) == 0,
            UInt(bitPattern: tensor.bytes.baseAddress) % UInt(MemoryLayout<UInt64>.alignment) == 0
        else { return nil }
        self.tensor = tensor
        slots = tensor.bytes.bindMemory(to: UInt64.self)
        mask = count - 1
        guard (0..<count).contains(where: { slots[2 * $0] == 0 }) else { return nil }
    }

    func entry(_ name: UInt64) -> Entry? {
        var slot = Int(truncatingIfNeeded: name) & mask
        while true {
            let found = slots[2 * slot]
            if found == name { return Self.entry(bits: slots[2 * slot + 1]) }
            if found == 0 { return nil }
            slot = (slot + 1) & mask
        }
    }

    /// Whether all weights and coefficients are numbers.
    var isFinite: Bool {
        (0...mask).allSatisfy { slot in
            let entry = Self.entry(bits: slots[2 * slot + 1])
            return slots[2 * slot] == 0 || entry.weight.isFinite && entry.coefficient.isFinite
        }
    }

    private static func entry(bits: UInt64) -> Entry {
        Entry(
            weight: Float(bitPattern: UInt32(truncatingIfNeeded: bits)),
            coefficient: Float(bitPattern: UInt32(truncatingIfNeeded: bits >> 32)))
    }

    /// The slots of a table with these entries; an entry of coefficient and weight 0 is left out.
    static func slots(names: [UInt64], weights: [Float], coefficients: [Float]) -> [UInt64] {
        let used = names.indices.filter { weights[$0] != 0 || coefficients[$0] != 0 }
        var capacity = 16
        while 2 * capacity < 3 * (used.count + 1) { capacity *= 2 }
        var slots = Array(repeating: UInt64(0), count: 2 * capacity)
        for index in used {
            var slot = Int(truncatingIfNeeded: names[index]) & (capacity - 1)
            while slots[2 * slot] != 0 { slot = (slot + 1) & (capacity - 1) }
            slots[2 * slot] = names[index]
            slots[2 * slot + 1] =
                UInt64(weights[index].bitPattern) | UInt64(coefficients[index].bitPattern) << 32
        }
        return slots
    }
}
