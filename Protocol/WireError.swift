// What is wrong with bytes that should have been a protobuf message, and in which field.
//
// Invariant: decoding either gives a whole message or throws exactly one of these; it never traps,
// whatever the bytes. The text is fit for the message of an INVALID_ARGUMENT: it names field
// numbers and lengths, never a byte of what the peer sent.

public struct WireError: Error, Sendable, Equatable {
    /// Field numbers from the outermost message inwards; empty where not even a tag could be read.
    public var path: [UInt32]
    public var problem: Problem

    public init(path: [UInt32], problem: Problem) {
        self.path = path
        self.problem = problem
    }

    public enum Problem: Sendable, Equatable {
        /// The bytes end inside a varint, a fixed number or a length-delimited value.
        case truncated
        /// More than ten bytes, or more than 64 bits.
        case varintTooLong
        /// A tag with field number 0, above 2^29 - 1, or with a wire type that does not exist.
        case invalidTag
        case wrongType(expected: WireType, found: WireType)
        /// Bytes of a packed field that are not a whole number of elements.
        case raggedPacking
        /// An end-group tag without its start.
        case unmatchedGroup
        case groupTooDeep
        /// A name, a label or a message (never a text) with an invalid byte at this offset.
        case invalidUTF8(at: Int)
        /// More elements than `Limits` allows; counting stopped there.
        case tooMany(limit: Int)
    }
}

/// How a field's value is laid out: the low three bits of its tag.
public enum WireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
}

extension WireError: CustomStringConvertible {
    public var description: String {
        guard !path.isEmpty else { return "malformed message: \(problem.text)" }
        let field = path.map { String($0) }.joined(separator: ".")
        return "malformed message: field \(field): \(problem.text)"
    }
}

extension WireError.Problem {
    var text: String {
        switch self {
        case .truncated: "the bytes end inside it"
        case .varintTooLong: "a varint of more than 64 bits"
        case .invalidTag: "an invalid tag"
        case .wrongType(let expected, let found): "expected \(expected), found \(found)"
        case .raggedPacking: "packed bytes that are not a whole number of elements"
        case .unmatchedGroup: "a group that does not end as it began"
        case .groupTooDeep: "more than \(Limits.groupDepth) nested groups"
        case .invalidUTF8(let offset): "invalid UTF-8 at byte \(offset)"
        case .tooMany(let limit): "more than \(limit) elements"
        }
    }
}
