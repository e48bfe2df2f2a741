// What remains of a text when features are taken from it.

import Insight
import Testing

@Suite struct TextFeaturesTests {
    @Test func wordsAreDistinctAndEverywhere() {
        let features = TextFeatures(wordsOf: Array("Good, good film: good_ né, 3D!".utf8))
        let words = features.places.map { places in
            String(decoding: features.text[places[0]], as: UTF8.self)
        }
        #expect(words == ["Good", "good", "film", "good_", "né", "3D"])
        var mask = Mask(count: 6, keeping: true)
        mask[0] = false
        mask[4] = false
        let left = String(decoding: features.text(keeping: mask), as: UTF8.self)
        #expect(left == ", good film: good_ , 3D!")
    }

    @Test(arguments: ["<br />", "<br/>", "<br>"])
    func lineBreaksAreNoWords(_ tag: String) {
        let features = TextFeatures(wordsOf: Array("Fine.\(tag)\(tag)A br < br film".utf8))
        let words = features.places.map { places in
            String(decoding: features.text[places[0]], as: UTF8.self)
        }
        #expect(words == ["Fine", "A", "br", "film"])
        #expect(features.places[2].count == 2)
    }

    @Test func allOccurrencesGoTogether() {
        let features = TextFeatures(wordsOf: Array("a b a c a".utf8))
        var mask = Mask(count: 3, keeping: true)
        mask[0] = false
        #expect(String(decoding: features.text(keeping: mask), as: UTF8.self) == " b  c ")
    }

    @Test func theLengthOfAVariantIsKnownBeforeItIsMade() {
        let features = TextFeatures(wordsOf: Array("né b né, c a. b!".utf8))
        for bits in 0..<UInt64(16) {
            let mask = Mask(count: 4, bits: bits)
            #expect(features.byteCount(keeping: mask) == features.text(keeping: mask).count)
        }
    }

    @Test func sentencesAreTheirRanges() {
        let features = TextFeatures(
            text: Array("One. Two. Three.".utf8), sentences: [0..<5, 5..<10, 10..<16])
        let mask = Mask(count: 3, bits: 0b101)
        #expect(String(decoding: features.text(keeping: mask), as: UTF8.self) == "One. Three.")
    }

    @Test(arguments: [0, 1, 63, 64, 65, 130])
    func masksOfAnyWidth(_ count: Int) {
        let full = Mask(count: count, keeping: true)
        #expect(full.keptCount == count)
        #expect(full.complement == Mask(count: count, keeping: false))
        guard count > 0 else { return }
        var mask = full
        mask[count - 1] = false
        #expect(mask.keptCount == count - 1 && mask.complement.keptCount == 1)
    }
}
