// The maxima hold, and README.md lists the same ones.

import JSONText
import Testing
import TextflixProtocol

@Suite struct LimitTests {
    @Test func elementsAreCountedWhileReading() throws {
        var request = ClassifyRequest(
            texts: [Text](repeating: "", count: Limits.textsPerRequest))
        #expect(try ClassifyRequest(decoding: request.encoded) == request)
        request.texts.append("")
        let error = #expect(throws: WireError.self) {
            try ClassifyRequest(decoding: request.encoded)
        }
        #expect(error?.path == [2])
        #expect(error?.problem == .tooMany(limit: Limits.textsPerRequest))
    }

    @Test func packedElementsAreCountedToo() throws {
        let streams = [UInt32](repeating: 1, count: Limits.streamsPerCancel + 1)
        #expect(throws: WireError(path: [1], problem: .tooMany(limit: Limits.streamsPerCancel))) {
            try CancelRequest(decoding: CancelRequest(streams: streams).encoded)
        }
    }

    @Test func metadataIsCounted() throws {
        let entry = MetadataEntry(key: "k", value: "v")
        let envelope = RequestEnvelope(
            metadata: .init(repeating: entry, count: Limits.metadataEntries + 1))
        #expect(throws: WireError(path: [5], problem: .tooMany(limit: Limits.metadataEntries))) {
            try RequestEnvelope(decoding: envelope.encoded)
        }
    }

    @Test(arguments: [(Limits.groupDepth, true), (Limits.groupDepth + 1, false)])
    func groupsNestSoDeepAndNoDeeper(depth: Int, isRead: Bool) {
        let bytes = [UInt8](repeating: 0x4B, count: depth) + .init(repeating: 0x4C, count: depth)
        #expect(((try? TagRequest(decoding: bytes)) != nil) == isRead)
    }

    @Test func theLargestTextFitsABody() throws {
        var writer = FrameWriter()
        let text = Text(utf8: .init(repeating: 0x61, count: Limits.textBytes))
        let name = String(repeating: "m", count: Limits.nameBytes)
        try writer.request(
            stream: 1, method: .classify, ClassifyRequest(model: name, texts: [text]),
            timeoutNanoseconds: .max)
        #expect(writer.bytes.count < Limits.bodyBytes + FrameHeader.byteCount)
    }

    @Test func readmeTellsTheSameLimits() throws {
        let expected: [String: Int] = [
            "bodyBytes": Limits.bodyBytes, "envelopeBytes": Limits.envelopeBytes,
            "explainTextBytes": Limits.explainTextBytes,
            "explainSamples": Limits.explainSamples, "explainFeatures": Limits.explainFeatures,
            "textWindows": Limits.textWindows, "textBytes": Limits.textBytes,
            "textsPerRequest": Limits.textsPerRequest,
            "metadataEntries": Limits.metadataEntries,
            "streamsPerCancel": Limits.streamsPerCancel, "streamWindow": Limits.streamWindow,
            "nameBytes": Limits.nameBytes, "messageBytes": Limits.messageBytes,
            "groupDepth": Limits.groupDepth,
        ]
        var told: [String: Int] = [:]
        for line in try readme() where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map {
                String($0.filter { !" `,".contains($0) })
            }
            if cells.count == 3, let value = Int(cells[1]) { told[cells[0]] = value }
        }
        #expect(told == expected)
    }

    /// A block that opens with ```hex NAME is the golden frame of that name.
    @Test func readmesExamplesAreGoldenFrames() throws {
        let vectors = try ["frames.json", "errors.json"].flatMap {
            try Golden.cases("Protocol/Vectors/\($0)")
        }
        let hexes = Dictionary(
            uniqueKeysWithValues: try vectors.map { (try $0.text("name"), try $0.text("hex")) })
        var name: String?
        var digits = ""
        var count = 0
        for line in try readme() {
            if line.hasPrefix("```hex ") {
                name = String(line.dropFirst(7))
                digits = ""
            } else if line == "```", let open = name {
                #expect(hexes[open] == digits, "\(open)")
                name = nil
                count += 1
            } else if name != nil {
                // Bytes stand left of the comment.
                digits += line.prefix { $0 != ";" }.filter { $0 != " " }
            }
        }
        #expect(count >= 6)
    }

    private func readme() throws -> [String] {
        String(decoding: try Golden.bytes("Protocol/README.md"), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
