// What a load generator wants to know of an answer, read from the wire without allocating: how it
// ended, how many texts failed, how many tokens were used, and the daemon's own times.
//
//     Response { 1 Status { 1 code }   2 ClassifyResponse { 1 results { 4 tokens   8 code }
//                                                           4 Timing { 1 queued   2 compute … } } }
//
// Bytes that are no such message give nil. The full decoder is the tests' oracle for it.

struct ResponseGlance: Sendable, Equatable {
    var code: Int32 = 0
    var texts = 0
    var failedTexts = 0
    var tokens: UInt64 = 0
    var queuedNanoseconds: UInt64 = 0
    var computeNanoseconds: UInt64 = 0
    var batchTexts: UInt64 = 0

    init() {}

    /// - Parameter body: a response frame's body; read only during the call.
    init?(_ body: UnsafeRawBufferPointer) {
        var fields = FieldScan(body)
        while let field = fields.next() {
            switch field {
            case .bytes(1, let status): readStatus(status)
            case .bytes(2, let response):
                guard readResponse(response) else { return nil }
            default: break
            }
        }
        if fields.isMalformed { return nil }
    }

    private mutating func readStatus(_ bytes: UnsafeRawBufferPointer) {
        var fields = FieldScan(bytes)
        while let field = fields.next() {
            if case .varint(1, let value) = field { code = Int32(truncatingIfNeeded: value) }
        }
    }

    private mutating func readResponse(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var fields = FieldScan(bytes)
        while let field = fields.next() {
            switch field {
            case .bytes(1, let result): readResult(result)
            case .bytes(4, let timing): readTiming(timing)
            default: break
            }
        }
        return !fields.isMalformed
    }

    private mutating func readResult(_ bytes: UnsafeRawBufferPointer) {
        texts += 1
        var fields = FieldScan(bytes)
        while let field = fields.next() {
            switch field {
            case .varint(4, let value): tokens += value
            case .varint(8, let value) where value != 0: failedTexts += 1
            default: break
            }
        }
    }

    private mutating func readTiming(_ bytes: UnsafeRawBufferPointer) {
        var fields = FieldScan(bytes)
        while let field = fields.next() {
            switch field {
            case .varint(1, let value): queuedNanoseconds = value
            case .varint(2, let value): computeNanoseconds = value
            case .varint(3, let value): batchTexts = value
            default: break
            }
        }
    }
}

/// Walks the fields of one protobuf message, lending out what it finds. Every length is checked
/// against what is left before it is used; a message that does not add up ends the walk.
struct FieldScan {
    /// Its number, and its value: fixed-width values are of no interest here.
    enum Field {
        case varint(UInt64, UInt64)
        case bytes(UInt64, UnsafeRawBufferPointer)
        case fixed
    }

    private var rest: UnsafeRawBufferPointer
    private(set) var isMalformed = false

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func next() -> Field? {
        guard !rest.isEmpty else { return nil }
        guard let tag = varint() else { return fail() }
        switch tag & 7 {
        case 0:
            guard let value = varint() else { return fail() }
            return .varint(tag >> 3, value)
        case 1: return skip(8) ? .fixed : fail()
        case 5: return skip(4) ? .fixed : fail()
        case 2:
            guard let length = varint(), length <= UInt64(rest.count) else { return fail() }
            let value = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(length)))
            _ = skip(Int(length))
            return .bytes(tag >> 3, value)
        default: return fail()
        }
    }

    private mutating func fail() -> Field? {
        isMalformed = true
        rest = UnsafeRawBufferPointer(rebasing: rest.prefix(0))
        return nil
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard count <= rest.count else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return true
    }

    /// Seven bits a byte, the lowest first; at most ten bytes.
    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for index in 0..<min(10, rest.count) {
            let byte = rest[index]
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 {
                _ = skip(index + 1)
                return value
            }
        }
        return nil
    }
}
