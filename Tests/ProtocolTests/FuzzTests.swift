// Hostile bytes: whatever comes, decoding ends in a message or an error, never in a trap; and what
// it took for a message stays the same message when written and read again.
//
// Seeded and bounded: a failure repeats. Each round is some microseconds. What is accepted is
// counted, because bytes that are always refused test little.

import JSONText
import Randomness
import Testing
import TextflixProtocol

@Suite struct FuzzTests {
    private static let rounds = 20_000

    @Test func randomBytesNeverTrap() {
        var random = RandomSource(seed: 1)
        let types = Golden.messageTypes.sorted { $0.key < $1.key }.map(\.value)
        var accepted = 0
        for round in 0..<Self.rounds {
            let count = Int.random(in: 0..<64, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            accepted += readAndWriteAgain(types[round % types.count], bytes) ? 1 : 0
        }
        #expect(accepted > 200)
    }

    @Test func mutatedMessagesNeverTrap() throws {
        var random = RandomSource(seed: 2)
        let vectors = try Golden.cases("Tests/Golden/protocol/random.json").map {
            (try $0.messageType(), try $0.hex("hex"))
        }
        var accepted = 0
        for round in 0..<Self.rounds {
            var (type, bytes) = vectors[round % vectors.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
            accepted += readAndWriteAgain(type, bytes) ? 1 : 0
        }
        #expect(accepted > 1_000)
    }

    @Test func mutatedFramesNeverTrap() throws {
        var random = RandomSource(seed: 3)
        let vectors = try Golden.cases("Protocol/Vectors/frames.json").map { try $0.hex("hex") }
        var accepted = 0
        for round in 0..<Self.rounds {
            var bytes = vectors[round % vectors.count]
            mutate(&bytes, &random)
            var decoder = FrameDecoder()
            decoder.append(bytes)
            while let frame = try? decoder.next() {
                if (try? RequestEnvelope(decoding: frame.body)) != nil { accepted += 1 }
                if (try? ResponseEnvelope(decoding: frame.body)) != nil { accepted += 1 }
            }
        }
        #expect(accepted > 1_000)
    }

    /// Every prefix of a message is a shorter message or an error.
    @Test func everyPrefixIsRead() throws {
        for vector in try Golden.cases("Tests/Golden/protocol/random.json") {
            let bytes = try vector.hex("hex")
            let type = try vector.messageType()
            let accepted = bytes.indices.filter { readAndWriteAgain(type, Array(bytes[..<$0])) }
            #expect(bytes.isEmpty || accepted.first == 0, "nothing at all is an empty message")
        }
    }

    /// Whether the bytes are a message.
    private func readAndWriteAgain(_ type: any Message.Type, _ bytes: [UInt8]) -> Bool {
        guard let message = try? type.init(decoding: bytes) else { return false }
        let first = message.encoded
        // Bytes, not values: a NaN is not equal to itself.
        let second = (try? type.init(decoding: first))?.encoded
        #expect(second == first, "\(type) \(hexDigits(bytes))")
        return true
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout RandomSource) {
        guard !bytes.isEmpty else { return bytes.append(.random(in: 0...255, using: &random)) }
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 2: bytes.remove(at: place)
        case 3: bytes.insert(.random(in: 0...255, using: &random), at: place)
        default: bytes.removeSubrange(place...)
        }
    }
}
