// Texts: valid or not, and where not; the same byte that Python names.

import JSONText
import Testing
import TextflixProtocol

@Suite struct TextTests {
    @Test func theFirstInvalidByteIsPythons() throws {
        for vector in try Golden.cases("Tests/Golden/protocol/utf8.json") {
            let bytes = try vector.hex("hex")
            #expect(
                Text(utf8: bytes).firstInvalidByte() == vector["start"]?.int,
                "\(hexDigits(bytes)): see \(Golden.maker)")
        }
    }

    @Test func anInvalidByteIsFoundAtEveryPlace() {
        for length in 1...80 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                bytes[place] = 0xC3
                #expect(Text(utf8: bytes).firstInvalidByte() == place)
            }
        }
    }

    @Test func textsAreBytesNotCharacters() {
        #expect(Text("e\u{301}") != Text("\u{e9}"))
        #expect(Text("").firstInvalidByte() == nil)
        #expect(Text(utf8: [0x61, 0xFF]).string == "a\u{FFFD}")
    }
}
