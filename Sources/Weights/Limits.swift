// Input larger than this is refused before memory is allocated.

enum Limits {
    /// The cap of the format's reference implementation: 100 MB of header.
    static let headerBytes = 100_000_000
    static let tensors = 65_536
    /// Objects, strings and numbers of a header, or of an index of shards: of each tensor at most
    /// sixteen, which no real one has.
    static let headerValues = 16 * tensors
    static let rank = 8
    static let nameBytes = 512
    static let shards = 1_024
    static let configurationBytes = 4 << 20
    static let shardIndexBytes = 64 << 20
    static let vocabularyBytes = 64 << 20
    /// Of a packed file: `tensors` entries with names of `nameBytes` are less.
    static let packedHeaderBytes = 64 << 20
    static let recordBytes = 1 << 16

    // Dimensions of a configuration. Their products stay far below 2^63:
    // 2^22 rows of 2^16 values of 4 bytes are 2^40.
    /// A sum of as many products of int8 fits the 32 bits that it has: 255 * 127 * 2^16 < 2^31.
    static let width = 1 << 16
    static let layers = 1 << 10
    static let positions = 1 << 20
    static let vocabulary = 1 << 22
    static let labels = 1 << 16
}
