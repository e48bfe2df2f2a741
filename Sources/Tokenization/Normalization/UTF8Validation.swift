// Finds the first byte at which a text stops being UTF-8 (Unicode 15, table 3-7: no overlong forms,
// no surrogates, nothing above U+10FFFF). The tokenizer runs it over the whole text first, so that
// later loops may decode without checks, and the answer does not depend on how much is used.

enum UTF8Validation {
    /// The offset of the first ill-formed sequence, or nil.
    static func firstInvalidByte(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var i = 0
        while true {
            i = skipASCII(text, from: i)
            guard i < text.count else { return nil }
            let length = sequenceLength(text, at: i)
            guard length > 0 else { return i }
            i += length
        }
    }

    /// The first offset at or after `start` that is not ASCII: sixteen bytes a step.
    private static func skipASCII(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var i = start
        let bytes = UnsafeRawBufferPointer(text)
        while i + 16 <= text.count {
            let low = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            let high = bytes.loadUnaligned(fromByteOffset: i + 8, as: UInt64.self)
            if (low | high) & 0x8080_8080_8080_8080 != 0 { break }
            i += 16
        }
        while i < text.count, text[i] < 0x80 { i += 1 }
        return i
    }

    /// The length of the well-formed sequence of 2 to 4 bytes at `i`, or 0 where there is none.
    private static func sequenceLength(_ text: UnsafeBufferPointer<UInt8>, at i: Int) -> Int {
        let length: Int
        let second: ClosedRange<UInt8>
        switch text[i] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard i + length <= text.count, second.contains(text[i + 1]) else { return 0 }
        for k in 2..<max(length, 2) where text[i + k] & 0xC0 != 0x80 { return 0 }
        return length
    }
}

/// One scalar of a text that is known to be valid.
struct DecodedScalar {
    let value: UInt32
    let length: Int

    /// The scalar at `bytes`, which must be the first byte of a well-formed sequence.
    @inline(__always)
    init(at bytes: UnsafePointer<UInt8>) {
        let first = UInt32(bytes[0])
        if first < 0x80 {
            (value, length) = (first, 1)
        } else if first < 0xE0 {
            (value, length) = ((first & 0x1F) << 6 | UInt32(bytes[1] & 0x3F), 2)
        } else if first < 0xF0 {
            let middle = UInt32(bytes[1] & 0x3F) << 6
            (value, length) = ((first & 0x0F) << 12 | middle | UInt32(bytes[2] & 0x3F), 3)
        } else {
            let high = (first & 0x07) << 18 | UInt32(bytes[1] & 0x3F) << 12
            let low = UInt32(bytes[2] & 0x3F) << 6 | UInt32(bytes[3] & 0x3F)
            (value, length) = (high | low, 4)
        }
    }
}
