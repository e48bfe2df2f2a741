// XXH64, the published 64-bit hash of the xxHash family (Yann Collet), and how it names contents.
//
// Chosen because a revision must cost no more than reading the weights once: four independent lanes
// of multiply and rotate take 32 bytes in about 5 cycles, which outruns one core's memory. It finds
// accidents (a torn copy, another training run), not forgers: whoever may write the model folder
// may write any model.
//
//     lane = rotl(lane + word * P2, 31) * P1         one 8-byte word a lane, 4 lanes a stripe
//
// It is a one-shot function over contiguous bytes; long contents are hashed in pieces by their
// owner, so that threads can share the work.

package enum ContentHash {
    private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let p3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let p5: UInt64 = 0x27D4_EB2F_1656_67C5

    package static func xxh64(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var offset = 0
        var hash: UInt64
        if bytes.count >= 32 {
            hash = stripes(bytes, seed: seed, offset: &offset)
        } else {
            hash = seed &+ p5
        }
        hash &+= UInt64(bytes.count)
        return avalanche(tail(bytes, from: offset, hash))
    }

    private static func stripes(
        _ bytes: UnsafeRawBufferPointer, seed: UInt64, offset: inout Int
    ) -> UInt64 {
        var lane0 = seed &+ p1 &+ p2
        var lane1 = seed &+ p2
        var lane2 = seed
        var lane3 = seed &- p1
        while offset + 32 <= bytes.count {
            lane0 = round(lane0, word(bytes, offset))
            lane1 = round(lane1, word(bytes, offset + 8))
            lane2 = round(lane2, word(bytes, offset + 16))
            lane3 = round(lane3, word(bytes, offset + 24))
            offset += 32
        }
        var hash =
            rotate(lane0, 1) &+ rotate(lane1, 7) &+ rotate(lane2, 12) &+ rotate(lane3, 18)
        for lane in [lane0, lane1, lane2, lane3] {
            hash = (hash ^ round(0, lane)) &* p1 &+ p4
        }
        return hash
    }

    /// The last 0 to 31 bytes.
    private static func tail(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ hash: UInt64
    ) -> UInt64 {
        var hash = hash
        var offset = start
        while offset + 8 <= bytes.count {
            hash = rotate(hash ^ round(0, word(bytes, offset)), 27) &* p1 &+ p4
            offset += 8
        }
        if offset + 4 <= bytes.count {
            let half = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            hash = rotate(hash ^ UInt64(UInt32(littleEndian: half)) &* p1, 23) &* p2 &+ p3
            offset += 4
        }
        while offset < bytes.count {
            hash = rotate(hash ^ UInt64(bytes[offset]) &* p5, 11) &* p1
            offset += 1
        }
        return hash
    }

    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = hash
        hash = (hash ^ hash >> 33) &* p2
        hash = (hash ^ hash >> 29) &* p3
        return hash ^ hash >> 32
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* p2, 31) &* p1
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value &<< bits | value &>> (64 &- bits)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
