// Bytes of a text to the names of its n-grams, in one pass.
//
// Words are runs of letters, numbers and underscores, lower-cased scalar by scalar, with the
// combining marks that follow them; in scripts without blanks between words every letter is one,
// but for word vectors, whose file says what words are (both where the recipe knows scripts). Where
// marks are kept, every other scalar that is not white space is a token of its own. `<br />` is a
// space. Invalid UTF-8 is repaired as Swift repairs it: a baseline scores what it is given.
// Invariant: nothing is allocated per token once the buffers have grown, save for a stemmed word.

internal import CStemmer

/// Not Sendable: it holds buffers and Snowball's state. One a thread.
package final class NGramReader {
    private let recipe: NGramRecipe
    private let stemmer: OpaquePointer?
    /// The bytes of a word are needed, not their hash alone.
    private let keepsBytes: Bool
    /// A letter of a script without blanks is a word.
    private let splitsLetters: Bool
    private var tokens: [UInt64] = []
    /// The tokens' bytes in the text; empty unless they are asked for.
    private(set) var places: [Range<Int>] = []
    private var keepsPlaces = false
    private var word = WordUnderWay()
    private var seen = NameSet()

    package init(recipe: NGramRecipe) {
        self.recipe = recipe
        stemmer = recipe.stems ? sb_stemmer_new("english", "UTF_8") : nil
        keepsBytes = recipe.stems || recipe.removesStopWords
        splitsLetters = recipe.knowsScripts && recipe.weighting != .mean
        precondition(!recipe.stems || stemmer != nil, "libstemmer has English")
    }

    deinit { if let stemmer { sb_stemmer_delete(stemmer) } }

    /// Appends the n-grams of a text to `names`, in no order that means anything; each once, unless
    /// the recipe takes means.
    package func read(_ text: UnsafeBufferPointer<UInt8>, into names: inout [UInt64]) {
        tokenize(text)
        let isMean = recipe.weighting == .mean
        seen.begin(atMost: tokens.count * recipe.order)
        for start in tokens.indices {
            var hash = NGramHash()
            for token in tokens[start..<min(start + recipe.order, tokens.count)] {
                hash = NGramHash(value: hash.appending(token: token))
                if isMean || seen.insert(hash.value) { names.append(hash.value) }
            }
        }
    }

    /// Every n-gram where it stands, repeated ones too: its name and its tokens; `places` then has
    /// the tokens' bytes.
    func occurrences(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> [(name: UInt64, tokens: Range<Int>)] {
        keepsPlaces = true
        places.removeAll(keepingCapacity: true)
        tokenize(text)
        keepsPlaces = false
        var found: [(name: UInt64, tokens: Range<Int>)] = []
        for start in tokens.indices {
            var hash = NGramHash()
            for end in start..<min(start + recipe.order, tokens.count) {
                hash = NGramHash(value: hash.appending(token: tokens[end]))
                found.append((hash.value, start..<end + 1))
            }
        }
        return found
    }

    private func tokenize(_ text: UnsafeBufferPointer<UInt8>) {
        tokens.removeAll(keepingCapacity: true)
        word.clear()
        var offset = 0
        while offset < text.count {
            let byte = text[offset]
            if byte < 0x80 {
                offset += 1
                if ASCIIClass.isWord(byte) {
                    word.append(ASCIIClass.lowercase(byte), keepsBytes)
                    word.length += 1
                    continue
                }
                endWord(at: offset - 1)
                if byte == UInt8(ascii: "<"), let after = Self.lineBreak(text, at: offset - 1) {
                    offset = after
                } else if recipe.keepsMarks, byte > 0x20, byte != 0x7F {
                    token(text, offset - 1..<offset)
                }
            } else {
                readWide(text, &offset)
            }
        }
        endWord(at: offset)
    }

    /// One scalar outside ASCII; of a script without blanks, with its combining marks.
    private func readWide(_ text: UnsafeBufferPointer<UInt8>, _ offset: inout Int) {
        let start = offset
        let scalar = Self.scalar(text, &offset)
        if WordScalars.isWord(scalar) {
            if splitsLetters, WordScalars.isWholeWord(scalar) {
                endWord(at: start)
                Self.skipCombining(text, &offset)
                return token(text, start..<offset)
            }
            for byte in scalar.properties.lowercaseMapping.utf8 { word.append(byte, keepsBytes) }
            word.length += 1
            word.sourceBytes += offset - start - 1
            return
        }
        if recipe.knowsScripts, word.length > 0, WordScalars.isCombining(scalar) {
            for byte in text[start..<offset] { word.append(byte, keepsBytes) }
            word.sourceBytes += offset - start
            return
        }
        endWord(at: start)
        guard recipe.keepsMarks, !scalar.properties.isWhitespace else { return }
        token(text, start..<offset)
    }

    private static func scalar(
        _ text: UnsafeBufferPointer<UInt8>, _ offset: inout Int
    ) -> Unicode.Scalar {
        var decoder = UTF8()
        var rest = text[offset...].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else {
            offset += 1
            return "\u{FFFD}"
        }
        offset += UTF8.width(scalar)
        return scalar
    }

    private static func skipCombining(
        _ text: UnsafeBufferPointer<UInt8>, _ offset: inout Int
    ) {
        while offset < text.count, text[offset] >= 0x80 {
            var next = offset
            guard WordScalars.isCombining(scalar(text, &next)) else { return }
            offset = next
        }
    }

    /// A token as it stands in the text.
    private func token(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        if keepsPlaces { places.append(range) }
        tokens.append(NGramHash.token(UnsafeBufferPointer(rebasing: text[range])))
    }

    /// The word underway ends before an offset.
    private func endWord(at end: Int) {
        defer { word.clear() }
        guard word.length >= max(1, recipe.minimumWordLength) else { return }
        if recipe.removesStopWords, StopWords.english.contains(word.bytes) { return }
        if keepsPlaces { places.append(end - word.length - word.sourceBytes..<end) }
        guard recipe.stems else { return tokens.append(NGramHash.token(finished: word.hash)) }
        tokens.append(word.bytes.withUnsafeBufferPointer { stemmed($0) })
    }

    private func stemmed(_ word: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let stemmer, let stem = sb_stemmer_stem(stemmer, word.baseAddress, Int32(word.count))
        else { return NGramHash.token(word) }
        let count = Int(sb_stemmer_length(stemmer))
        return NGramHash.token(UnsafeBufferPointer(start: stem, count: count))
    }

    /// Where `<br />` or `<br>` at this offset ends, or nil where there is none.
    private static func lineBreak(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int? {
        for tag: StaticString in ["<br />", "<br/>", "<br>"] {
            let end = offset + tag.utf8CodeUnitCount
            guard end <= text.count else { continue }
            let bytes = UnsafeBufferPointer(start: tag.utf8Start, count: tag.utf8CodeUnitCount)
            if text[offset..<end].elementsEqual(bytes) { return end }
        }
        return nil
    }
}

private enum ASCIIClass {
    static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
            || byte == UInt8(ascii: "_")
    }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}

/// A word while its bytes come in: lower-cased, hashed as they come.
private struct WordUnderWay {
    private(set) var hash = NGramHash.emptyToken
    private(set) var bytes: [UInt8] = []
    /// In scalars, combining marks not counted.
    var length = 0
    /// Bytes in the text beyond one for each of those.
    var sourceBytes = 0

    mutating func append(_ byte: UInt8, _ keepsBytes: Bool) {
        hash = NGramHash.extending(hash, by: byte)
        if keepsBytes { bytes.append(byte) }
    }

    mutating func clear() {
        guard length > 0 else { return }
        hash = NGramHash.emptyToken
        bytes.removeAll(keepingCapacity: true)
        (length, sourceBytes) = (0, 0)
    }
}
