// Which texts are in the test part, as hashes: so that none of them is learned from.
//
// A fingerprint is the XXH64 of what a text says (`Essence`), so that copies that differ in markup,
// marks, accents, spaces or case are still copies. Of the test file nothing but the set of hashes
// leaves the initialiser: neither labels nor texts.

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

    /// A text that says nothing, of marks alone, stands for itself.
    static func fingerprint(_ text: [UInt8]) -> UInt64 {
        let essence = Essence(text).bytes
        return (essence.isEmpty ? text : essence).withUnsafeBytes { ContentHash.xxh64($0) }
    }
}

/// What a text says: its letters in lower case and without accents, digits, `$` and signs outside
/// ASCII such as € and 😀, be they written as HTML does (`&#39;`) or not. White space, what is not
/// seen, punctuation of all scripts and HTML's tags are passed over, but for marks that change what
/// is said: `+` and `#` behind a letter (C, C++, C#); that there are some between two digits (4.5
/// is not 45, but 4,5); the `-` of a number; hearts (`<3`, `</3`); and the eyes and the mouth of a
/// face (`:)`, `;-(`, `=]`), though not of one that looks the other way, `(:`.
private struct Essence {
    private(set) var bytes: [UInt8] = []
    private let text: [UInt8]
    private var place = 0
    /// Whether `+` and `#` are kept here.
    private var followsLetter = false
    /// Whether a mark was passed over behind the last digit.
    private var followsMark = false
    /// Whether a nonspacing mark here is a letter's accent.
    private var takesAccent = false

    init(_ original: [UInt8]) {
        text = CharacterReferences.replaced(in: original)
        bytes.reserveCapacity(text.count)
        while place < text.count {
            if text[place] < 0x80 { readASCII(text[place]) } else { readWide() }
        }
    }

    private mutating func readASCII(_ byte: UInt8) {
        var end = place + 1
        var isBehindLetter = false
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            bytes.append(byte | 0x20)
            isBehindLetter = true
            takesAccent = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): append(digit: byte)
        case 0...0x20, 0x7F: break
        case UInt8(ascii: "+"), UInt8(ascii: "#"):
            append(byte, if: followsLetter)
            isBehindLetter = followsLetter
        case UInt8(ascii: "$"): bytes.append(byte)
        case UInt8(ascii: "-"): append(byte, if: isSign)
        case UInt8(ascii: "<"):
            if let behind = endOfTag { end = behind } else { end = readHeart() }
        case UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "="):
            let mouth = self.mouth
            append(byte, if: mouth != nil)
            if let mouth {
                bytes.append(text[mouth])
                end = mouth + 1
            }
        default: followsMark = true
        }
        takesAccent = takesAccent && isBehindLetter
        followsLetter = isBehindLetter
        place = end
    }

    private mutating func append(digit: UInt8) {
        // No other mark is kept as a dot.
        if followsMark, let last = bytes.last, Self.isDigit(last) {
            bytes.append(UInt8(ascii: "."))
        }
        followsMark = false
        bytes.append(digit)
    }

    private mutating func append(_ mark: UInt8, if isKept: Bool) {
        if isKept { bytes.append(mark) } else { followsMark = true }
    }

    private mutating func readWide() {
        var decoder = UTF8()
        var rest = text[place...].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else {
            bytes.append(text[place])
            place += 1
            followsLetter = false
            takesAccent = false
            return
        }
        place += UTF8.width(scalar)
        if takesAccent, Accents.isMark(scalar) { return }
        followsLetter = scalar.properties.isAlphabetic
        takesAccent = Accents.follow(scalar)
        followsMark = followsMark || Self.isPunctuation(scalar)
        if Self.says(scalar) { append(lowerCaseOf: scalar) }
    }

    private mutating func append(lowerCaseOf scalar: Unicode.Scalar) {
        let letters = scalar.properties.lowercaseMapping
        guard takesAccent else { return bytes += letters.utf8 }
        // İ in lower case is i with an accent behind it.
        for letter in letters.unicodeScalars where !Accents.isMark(letter) {
            bytes += String(Accents.removed(from: letter)).utf8
        }
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }

    /// False for punctuation, accents that stand alone, white space and what is not seen.
    private static func says(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .modifierSymbol, .spaceSeparator, .lineSeparator, .paragraphSeparator, .control,
            .format:
            false
        default: !isPunctuation(scalar) && !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    // MARK: - Marks that are more

    /// Bytes of the longest tag that is taken for one.
    private static let tagBytes = 256
    private static let tags = Set(
        """
        a b blockquote br center div em font h1 h2 h3 h4 h5 h6 hr i img li ol p span strong sub \
        sup u ul
        """.split(separator: " ").map { Array($0.utf8) })

    /// Behind the tag that begins here, such as `<br />` or `<a href="x">`; nil where none does, as
    /// in `List<String>` or `a <b and c> d`.
    private var endOfTag: Int? {
        let closing = place + 1 < text.count && text[place + 1] == UInt8(ascii: "/")
        let name = text[(place + (closing ? 2 : 1))...].prefix(while: Self.isLetterOrDigit)
        let rest = text[name.endIndex...].prefix(Self.tagBytes)
        guard Self.tags.contains(name.map { $0 | 0x20 }),
            let end = rest.firstIndex(of: UInt8(ascii: ">"))
        else { return nil }
        let inner = rest[..<end]
        let isBare = inner.allSatisfy { $0 <= 0x20 || $0 == UInt8(ascii: "/") }
        let hasAttributes = inner.first.map { $0 <= 0x20 } ?? false
        let isTag = isBare || hasAttributes && inner.contains(UInt8(ascii: "="))
        return isTag ? end + 1 : nil
    }

    /// Keeps `<` of `<3`, and `</` of `</3`; another `<` is a mark.
    /// - Returns: the place behind it.
    private mutating func readHeart() -> Int {
        let isBroken = place + 1 < text.count && text[place + 1] == UInt8(ascii: "/")
        let point = place + (isBroken ? 2 : 1)
        guard point < text.count, text[point] == UInt8(ascii: "3"),
            point + 1 == text.count || !Self.isLetterOrDigit(text[point + 1])
        else {
            followsMark = true
            return place + 1
        }
        bytes += text[place..<point]
        return point + 1
    }

    /// Whether the `-` here belongs to the number behind it: `-5`, but neither `4-5` nor `a-5`.
    private var isSign: Bool {
        let hasNumber = place + 1 < text.count && Self.isDigit(text[place + 1])
        return hasNumber && !followsLetter && !(place > 0 && Self.isDigit(text[place - 1]))
    }

    /// Where the mouth is of the face whose eyes are here, with or without a nose; nil where they
    /// are marks, as in `genre:(comedy)` or `http://`.
    private var mouth: Int? {
        func isOne(of marks: String, _ place: Int) -> Bool {
            place < text.count && marks.utf8.contains(text[place])
        }
        let mouth = isOne(of: "-'^o", place + 1) ? place + 2 : place + 1
        guard isOne(of: "()[]{}|/\\", mouth), !isOne(of: "/", mouth + 1) else { return nil }
        let isInside = mouth + 1 < text.count && Self.isLetterOrDigit(text[mouth + 1])
        return isInside ? nil : mouth
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: isDigit(byte)
        }
    }
}
