// An n-gram's name: 64 bits, made from its tokens one after the other.
//
// Two different n-grams share a name with a chance of about n² / 2⁶⁵: for 5 million n-grams one in
// a million, and then two features are one. In return no n-gram is ever stored as text. The
// function is part of the model file's format: it must not change.

package struct NGramHash: Sendable, Hashable {
    package private(set) var value: UInt64 = 0

    package init() {}

    /// FNV-1a over the token's bytes, avalanched by SplitMix64's finaliser.
    static func token(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        token(finished: bytes.reduce(emptyToken, extending))
    }

    /// FNV-1a of no byte.
    static let emptyToken: UInt64 = 0xCBF2_9CE4_8422_2325

    static func extending(_ hash: UInt64, by byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    static func token(finished hash: UInt64) -> UInt64 { mix(hash) }

    /// The name of this n-gram with one token more. Zero is no name: it marks a free slot.
    func appending(token: UInt64) -> UInt64 {
        let mixed = Self.mix(value &* 0x9E37_79B9_7F4A_7C15 &+ token)
        return mixed == 0 ? 1 : mixed
    }

    init(value: UInt64) { self.value = value }

    private static func mix(_ input: UInt64) -> UInt64 {
        var bits = input
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}
