// Which texts are in the test part, as hashes: so that none of them is learned from.
//
// A fingerprint is the XXH64 of a text's letters and digits in lower case, so that copies that
// differ in markup, marks or spaces are still copies. Of the test file nothing else is read before
// the model is written: neither its labels nor its texts leave this initialiser, only the set.

internal import JSONText
package import Weights

package struct TextFingerprints: Sendable {
    private var hashes: Set<UInt64> = []

    package init() {}

    /// Of all texts of a file.
    package init(path: String, textField: String) throws(WeightsError) {
        try forEachRecord(path, columns: [textField]) { node, _ throws(LineError) in
            guard let text = node[textField]?.utf8 else {
                throw LineError(message: "no string \"\(textField)\"")
            }
            hashes.insert(Self.fingerprint(text))
        }
    }

    package init(_ texts: [[UInt8]]) { hashes = Set(texts.map(Self.fingerprint)) }

    package func contains(_ text: [UInt8]) -> Bool { hashes.contains(Self.fingerprint(text)) }

    /// For each text the place of the first that equals it.
    static func firstPlaces(_ texts: [[UInt8]]) -> [Int] {
        var first: [UInt64: Int] = [:]
        return texts.indices.map { place in
            let fingerprint = fingerprint(texts[place])
            if let known = first[fingerprint] { return known }
            first[fingerprint] = place
            return place
        }
    }

    static func fingerprint(_ text: [UInt8]) -> UInt64 {
        var kept: [UInt8] = []
        var place = 0
        while place < text.count {
            if let end = endOfTag(text, place) {
                place = end
                continue
            }
            switch text[place] {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): kept.append(text[place] | 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                0x80...:
                kept.append(text[place])
            default: break
            }
            place += 1
        }
        // A text of marks alone is its own fingerprint.
        return (kept.isEmpty ? text : kept).withUnsafeBytes { ContentHash.xxh64($0) }
    }

    /// Bytes of the longest tag that is taken for one.
    private static let tagBytes = 64

    /// Behind the tag that begins there, such as `<br />`; nil where none does.
    private static func endOfTag(_ text: [UInt8], _ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "<"), start + 1 < text.count,
            text[start + 1] == UInt8(ascii: "/") || text[start + 1] | 0x20 >= UInt8(ascii: "a"),
            text[start + 1] | 0x20 <= UInt8(ascii: "z")
        else { return nil }
        let rest = text[start...].prefix(tagBytes)
        return rest.firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 }
    }
}
