// Frames, however the socket cuts them: every split, byte by byte, a thousand in one read; and the
// frames that must be refused.

import Testing
import TextflixProtocol

@Suite struct FrameTests {
    private static func threeFrames() throws -> (bytes: [UInt8], frames: [Frame]) {
        var writer = FrameWriter()
        try writer.request(
            stream: 1, method: .classify, ClassifyRequest(texts: ["A fine film.", ""]))
        writer.endOfData(stream: 3)
        try writer.data(stream: 5, ClassifyResponse(model: "m"), flags: .remoteClosed)
        let bytes = writer.take()
        return (bytes, try frames(in: [bytes[...]]))
    }

    private static func frames(in pieces: [ArraySlice<UInt8>]) throws -> [Frame] {
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        for piece in pieces {
            piece.withUnsafeBytes { decoder.append($0) }
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(decoder.isBetweenFrames)
        return frames
    }

    @Test func headersAreReadAsWritten() throws {
        let (_, frames) = try Self.threeFrames()
        #expect(frames.map(\.header.stream) == [1, 3, 5])
        #expect(frames.map(\.header.kind) == [.request, .data, .data])
        #expect(frames.map(\.header.flags) == [[], [.remoteClosed, .noData], .remoteClosed])
        #expect(frames.allSatisfy { Int($0.header.length) == $0.body.count })
    }

    @Test func everySplitInTwoGivesTheSameFrames() throws {
        let (bytes, frames) = try Self.threeFrames()
        for cut in bytes.indices {
            #expect(try Self.frames(in: [bytes[..<cut], bytes[cut...]]) == frames)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 9, 10, 11])
    func piecesOfAnySizeGiveTheSameFrames(size: Int) throws {
        let (bytes, frames) = try Self.threeFrames()
        let pieces = stride(from: 0, to: bytes.count, by: size).map {
            bytes[$0..<min($0 + size, bytes.count)]
        }
        #expect(try Self.frames(in: pieces) == frames)
    }

    @Test func aThousandFramesInOneRead() throws {
        var writer = FrameWriter()
        for index in 0..<1000 {
            try writer.data(
                stream: UInt32(2 * index + 1), CancelRequest(streams: [UInt32(index)]))
        }
        let frames = try Self.frames(in: [writer.take()[...]])
        #expect(frames.count == 1000)
        for (index, frame) in frames.enumerated() {
            #expect(try CancelRequest(decoding: frame.body).streams == [UInt32(index)])
        }
    }

    /// Were each frame cut off the front by moving the rest, this would move 50 GB.
    @Test(.timeLimit(.minutes(1)))
    func manyFramesInOneReadAreReadInLinearTime() throws {
        var writer = FrameWriter()
        for index in 0..<100_000 { writer.endOfData(stream: UInt32(2 * index + 1)) }
        let bytes = writer.take()
        #expect(try Self.frames(in: [bytes[...]]).count == 100_000)
        let halves = [bytes[..<(bytes.count / 2 + 1)], bytes[(bytes.count / 2 + 1)...]]
        #expect(try Self.frames(in: halves).count == 100_000)
    }

    @Test func theNextHeaderIsKnownBeforeItsBody() throws {
        let (bytes, frames) = try Self.threeFrames()
        var decoder = FrameDecoder()
        decoder.append(bytes[..<(FrameHeader.byteCount - 1)])
        #expect(decoder.nextHeader == nil)
        decoder.append(bytes[(FrameHeader.byteCount - 1)...])
        for frame in frames {
            #expect(decoder.nextHeader == frame.header)
            #expect(try decoder.next() == frame)
        }
        #expect(decoder.nextHeader == nil)
        decoder.append("GET / HTTP/1.1\r\n".utf8)
        #expect(decoder.nextHeader == nil)
    }

    @Test func theLargestBodyPasses() throws {
        var bytes: [UInt8] = []
        FrameHeader(length: UInt32(Limits.bodyBytes), stream: 1, kind: .data).encode(into: &bytes)
        bytes.append(contentsOf: repeatElement(7, count: Limits.bodyBytes))
        #expect(try Self.frames(in: [bytes[...]]).first?.body.count == Limits.bodyBytes)
    }

    @Test(arguments: [UInt32(Limits.bodyBytes) + 1, .max])
    func aLargerLengthIsRefusedByItsHeaderAlone(length: UInt32) throws {
        var decoder = FrameDecoder()
        var header: [UInt8] = []
        FrameHeader(length: length, stream: 9, kind: .request).encode(into: &header)
        decoder.append(header)
        let refusal = FrameError.oversized(length: Int(length), stream: 9, kind: .request)
        #expect(throws: refusal) { try decoder.next() }
        #expect(refusal.answer?.stream == 9)
        #expect(refusal.answer?.status.code == .resourceExhausted)

        decoder.append([UInt8](repeating: 0, count: 100_000))
        #expect(decoder.bufferedBytes == 0)
        #expect(throws: refusal) { try decoder.next() }
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1\r\n".utf8), [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3],
        [UInt8](repeating: 0, count: 10), [UInt8](repeating: 0xFF, count: 10),
    ])
    func otherProtocolsAreRefusedWithoutAnAnswer(bytes: [UInt8]) {
        var decoder = FrameDecoder()
        decoder.append(bytes)
        let error = #expect(throws: FrameError.self) { try decoder.next() }
        #expect(error?.answer == nil)
    }

    @Test(arguments: [(UInt32(2), FrameKind.request), (0, .data), (1, .response)])
    func noAnswerWhereNoStreamIsTheClients(stream: UInt32, kind: FrameKind) {
        #expect(FrameError.oversized(length: 1 << 30, stream: stream, kind: kind).answer == nil)
    }

    @Test func aFrameThatGrewTooLargeIsTakenBack() throws {
        var writer = FrameWriter()
        writer.endOfData(stream: 1)
        let before = writer.bytes
        let large = EmbedResponse(embeddings: [
            Embedding(values: .init(repeating: 1, count: 1 << 20))
        ])
        #expect(throws: FrameError.self) { try writer.response(stream: 3, large) }
        #expect(writer.bytes == before)
        #expect(throws: FrameError.self) { try writer.data(stream: 3, encoded: large.encoded) }
        #expect(writer.bytes == before)
    }

    @Test func aMessageIsTheSameEncodedBeforeOrThen() throws {
        var (before, then) = (FrameWriter(), FrameWriter())
        let message = ClassifyResponse(results: [Classification(label: "yes")], model: "m")
        try before.data(stream: 3, encoded: message.encoded)
        try then.data(stream: 3, message)
        #expect(before.bytes == then.bytes)
    }

    @Test func aLongErrorMessageIsCutAtAScalar() throws {
        var writer = FrameWriter()
        writer.failure(
            stream: 1, Status(code: .internal, message: String(repeating: "é", count: 900)))
        let frame = try #require(try Self.frames(in: [writer.take()[...]]).first)
        let message = try #require(try ResponseEnvelope(decoding: frame.body).failure?.message)
        #expect(message.utf8.count <= Limits.messageBytes)
        #expect(message.utf8.count > Limits.messageBytes - 4)
        #expect(message.hasSuffix("é…"))
    }
}
