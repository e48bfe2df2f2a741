// The name of what was loaded: 128 bits that change when any byte of it does.
//
// Contents are cut into pieces (a header; 1 MiB of a tensor; a small file), each piece gets its
// XXH64, and the list of those, in order, is hashed twice with two seeds. Pieces of one list can
// therefore be hashed by any thread in any order. Two contents of equal revision differ only where
// two pieces collide in 64 bits, which for an accident has odds of 2^-64.

package struct Revision: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// From the hashes of all pieces, in their fixed order.
    package init(pieces: [UInt64]) {
        let words = pieces.map(\.littleEndian)
        (high, low) = words.withUnsafeBytes {
            (ContentHash.xxh64($0, seed: 0), ContentHash.xxh64($0, seed: 1))
        }
    }

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// From its 32 hexadecimal digits.
    package init?(_ digits: String) {
        guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// 32 hexadecimal digits.
    package var description: String { Self.hexadecimal(high) + Self.hexadecimal(low) }

    /// The first 12 digits: what people are shown.
    package var short: String { String(description.prefix(12)) }

    package static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
