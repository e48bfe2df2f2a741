// The codec against protobuf's own Python implementation, by golden vectors: what it wrote we read,
// with the same values, and write again with the same bytes.
//
// With TEXTFLIX_VECTORS naming a file of the same form as Tests/Golden/protocol/random.json, that
// one is read as well; Tests/Interop/protobuf_cross_check.py makes such files, large ones.

import JSONText
import Syscalls
import Testing
import TextflixProtocol

@Suite struct VectorTests {
    @Test(arguments: ["frames.json", "errors.json"])
    func framesAreReadAndWrittenAgain(file: String) throws {
        for vector in try Golden.cases("Protocol/Vectors/\(file)") {
            let name = try vector.text("name")
            let bytes = try vector.hex("hex")
            var decoder = FrameDecoder()
            decoder.append(bytes)
            let frame = try #require(try decoder.next(), "\(name)")
            #expect(decoder.isBetweenFrames, "\(name)")
            try checkHeader(frame.header, vector)
            #expect(try rewritten(frame, vector) == bytes, "\(name): see \(Golden.maker)")
        }
    }

    private func checkHeader(_ header: FrameHeader, _ vector: JSONNode) throws {
        let expected = try #require(vector["header"])
        #expect(Int(header.length) == expected["length"]?.int)
        #expect(Int(header.stream) == expected["stream"]?.int)
        #expect("\(header.kind)" == expected["kind"]?.string)
        #expect(Int(header.flags.rawValue) == expected["flags"]?.int)
    }

    /// Reads the frame down to its message, compares its values, and writes it again.
    private func rewritten(_ frame: Frame, _ vector: JSONNode) throws -> [UInt8] {
        var writer = FrameWriter()
        let stream = frame.header.stream
        switch frame.header.kind {
        case .request:
            let envelope = try RequestEnvelope(decoding: frame.body)
            #expect(Resemblance.differences(envelope, try #require(vector["envelope"])) == [])
            let method = try #require(MethodName(rawValue: envelope.method))
            try method.check(opening: frame.header.flags)
            let message = try message(in: envelope.payload, vector)
            try writer.request(
                stream: stream, method: method, message,
                timeoutNanoseconds: envelope.timeoutNanoseconds, metadata: envelope.metadata,
                flags: frame.header.flags)
        case .response:
            let envelope = try ResponseEnvelope(decoding: frame.body)
            if let status = envelope.failure {
                try check(status, try #require(vector["status"]))
                writer.failure(stream: stream, status)
            } else {
                try writer.response(
                    stream: stream, try #require(try message(in: envelope.payload, vector)))
            }
        case .data:
            if let message = try message(in: frame.body[...], vector) {
                try writer.data(stream: stream, message, flags: frame.header.flags)
            } else {
                writer.endOfData(stream: stream)
            }
        }
        return writer.take()
    }

    private func check(_ status: Status, _ expected: JSONNode) throws {
        #expect(Int(status.code.rawValue) == expected["code"]?.int)
        #expect(status.message == expected["message"]?.string)
        let retry = expected["retryAfterNanoseconds"]?.int.map { Duration.nanoseconds($0) }
        #expect(status.retryAfter == retry)
    }

    private func message(
        in payload: ArraySlice<UInt8>, _ vector: JSONNode
    ) throws -> AnyWrittenMessage? {
        guard vector["type"] != nil else { return nil }
        let message = try vector.messageType().init(decoding: payload)
        #expect(Resemblance.differences(message, try #require(vector["message"])) == [])
        if let texts = vector["textsHex"]?.array, let request = message as? ClassifyRequest {
            #expect(request.texts.map(\.utf8).map(hexDigits) == texts.compactMap(\.string))
            #expect(request.texts.map { $0.firstInvalidByte() } == [nil, 4])
        }
        return AnyWrittenMessage(bytes: message.encoded)
    }

    @Test func randomMessagesOfEveryType() throws {
        try checkMessages(in: "Tests/Golden/protocol/random.json")
        if let path = environment("TEXTFLIX_VECTORS") { try checkMessages(in: path) }
    }

    private func checkMessages(in path: String) throws {
        var seen: Set<String> = []
        for vector in try Golden.cases(path) {
            let type = try vector.text("type")
            let digits = try vector.text("hex")
            let message = try vector.messageType().init(decoding: try vector.hex("hex"))
            let differences = Resemblance.differences(message, try #require(vector["message"]))
            #expect(differences == [], "\(type) \(digits)")
            #expect(hexDigits(message.encoded) == digits, "\(type)")
            seen.insert(type)
        }
        #expect(seen == Set(Golden.messageTypes.keys))
    }

    @Test func whatOthersMayWriteIsRead() throws {
        for vector in try Golden.cases("Protocol/Vectors/tolerated.json") {
            let about = try vector.text("about")
            let message = try vector.messageType().init(decoding: try vector.hex("hex"))
            let differences = Resemblance.differences(message, try #require(vector["message"]))
            #expect(differences == [], "\(about)")
            #expect(message.encoded == (try vector.hex("canonical")), "\(about)")
        }
    }

    @Test func whatIsMalformedIsRefusedByField() throws {
        for vector in try Golden.cases("Protocol/Vectors/refused.json") {
            let about = try vector.text("about")
            let type = try vector.messageType()
            let bytes = try vector.hex("hex")
            let expected = try vector.text("problem")
            let path = vector["path"]?.array?.compactMap(\.int)
            let error = #expect(throws: WireError.self, "\(about)") {
                try type.init(decoding: bytes)
            }
            let problem = try #require(error).problem
            #expect(error?.path.map(Int.init) == path, "\(about)")
            #expect("\(problem)".hasPrefix(expected), "\(about): \(problem)")
        }
    }
}

/// A message of any type, already written.
private struct AnyWrittenMessage: Message {
    var bytes: [UInt8] = []

    mutating func merge(_ field: inout WireReader) throws(WireError) {}
    func encode(into out: inout [UInt8]) { out += bytes }
}

func hexDigits(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
