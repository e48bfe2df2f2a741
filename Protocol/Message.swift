// What every protobuf message here can do: be read from bytes and written to them.
//
// A message lists its fields twice, once for each direction, in the order of their numbers:
// `merge` takes one field from the reader, `encode` appends all of them. Encoding is deterministic
// (number order, defaults omitted, numbers packed), so equal messages are equal bytes. Decoding
// follows protobuf: fields in any order, the last of a singular field wins, singular messages
// merge, and a field that `merge` does not take is skipped, which is what lets the schema grow.

public protocol Message: Sendable, Equatable {
    init()

    /// Takes the reader's current field if it knows the number; otherwise leaves it alone.
    mutating func merge(_ field: inout WireReader) throws(WireError)

    /// Appends the message's bytes, without a length of its own.
    func encode(into out: inout [UInt8])
}

extension Message {
    /// Reads a whole message. It copies what it keeps: the bytes may go afterwards.
    public init(decoding bytes: ArraySlice<UInt8>) throws(WireError) {
        self.init()
        try merge(bytes)
    }

    public init(decoding bytes: [UInt8]) throws(WireError) {
        try self.init(decoding: bytes[...])
    }

    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }

    mutating func merge(_ bytes: ArraySlice<UInt8>) throws(WireError) {
        var reader = WireReader(bytes)
        while try reader.next() {
            try merge(&reader)
            try reader.skipUntaken()
        }
    }
}

/// A proto3 enumeration: open, so a number of a later version survives reading and writing.
public protocol OpenEnumeration: Sendable, Hashable {
    init(rawValue: Int32)
    var rawValue: Int32 { get }
}
