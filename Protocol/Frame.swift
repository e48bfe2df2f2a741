// A frame: the unit in which both sides write.
//
//      0        4        8      9      10
//     +--------+--------+------+-------+- - - - - - - -+
//     | length | stream | kind | flags |     body      |     big-endian
//     |  u32   |  u32   |  u8  |  u8   | length bytes  |
//     +--------+--------+------+-------+- - - - - - - -+
//
// This is the framing of ttrpc, containerd's RPC for local sockets (its PROTOCOL.md), so its
// clients speak to us. A body is at most `Limits.bodyBytes`.

public enum FrameKind: UInt8, Sendable {
    /// Opens a stream; the body is a RequestEnvelope.
    case request = 1
    /// Ends a stream; the body is a ResponseEnvelope.
    case response = 2
    /// One message of an open stream, bare.
    case data = 3
}

public struct FrameFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The sender sends nothing more on this stream.
    public static let remoteClosed = FrameFlags(rawValue: 1)
    /// The sender of this request sends data frames after it.
    public static let remoteOpen = FrameFlags(rawValue: 2)
    /// The frame bears no message: it is there for its flags.
    public static let noData = FrameFlags(rawValue: 4)
}

public struct FrameHeader: Sendable, Equatable {
    public static let byteCount = 10  // 4 + 4 + 1 + 1

    public var length: UInt32
    public var stream: UInt32
    public var kind: FrameKind
    public var flags: FrameFlags

    public init(length: UInt32, stream: UInt32, kind: FrameKind, flags: FrameFlags = []) {
        self.length = length
        self.stream = stream
        self.kind = kind
        self.flags = flags
    }

    /// Reads the first ten of `bytes`, and holds the length against the limit.
    public init(parsing bytes: ArraySlice<UInt8>) throws(FrameError) {
        precondition(bytes.count >= Self.byteCount)
        let first = bytes.startIndex
        func word(_ at: Int) -> UInt32 {
            bytes[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard let kind = FrameKind(rawValue: bytes[first + 8]) else {
            throw .unknownKind(bytes[first + 8])
        }
        self.init(
            length: word(first), stream: word(first + 4), kind: kind,
            flags: FrameFlags(rawValue: bytes[first + 9]))
        guard length <= Limits.bodyBytes else {
            throw .oversized(length: Int(length), stream: stream, kind: kind)
        }
    }

    public func encode(into bytes: inout [UInt8]) {
        for word in [length, stream] {
            for shift in [24, 16, 8, 0] as [UInt32] {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        bytes.append(kind.rawValue)
        bytes.append(flags.rawValue)
    }
}

public struct Frame: Sendable, Equatable {
    public var header: FrameHeader
    public var body: [UInt8]

    public init(header: FrameHeader, body: [UInt8]) {
        self.header = header
        self.body = body
    }
}

/// Bytes that break the framing: nothing after them can be read, so the connection ends.
public enum FrameError: Error, Sendable, Equatable {
    /// No frame at all: another protocol, or garbage.
    case unknownKind(UInt8)
    /// A body above `Limits.bodyBytes`, refused before a byte of it was read.
    case oversized(length: Int, stream: UInt32, kind: FrameKind)
}

extension FrameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownKind(let kind):
            "not a ttrpc frame: unknown kind \(kind)"
        case .oversized(let length, _, _):
            "a body of \(length) bytes; the limit is \(Limits.bodyBytes)"
        }
    }

    /// What to answer, and on which stream, before the connection is closed; nil: just close it.
    public var answer: (stream: UInt32, status: Status)? {
        guard case .oversized(_, let stream, let kind) = self, kind != .response,
            StreamOrder.isClients(stream)
        else { return nil }
        return (stream, Status(code: .resourceExhausted, message: description))
    }
}
