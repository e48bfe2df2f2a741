// Bytes of a text to the names of its n-grams, in one pass.
//
// Words are runs of letters, numbers and underscores, lower-cased scalar by scalar; with marks
// kept, every other scalar that is not white space is a token of its own. `<br />` is a space.
// Invalid UTF-8 is repaired as Swift repairs it: a baseline scores what it is given.
// Invariant: nothing is allocated per token once the buffers have grown, save for a stemmed word.

internal import CStemmer

/// Not Sendable: it holds buffers and Snowball's state. One a thread.
package final class NGramReader {
    private let recipe: NGramRecipe
    private let stemmer: OpaquePointer?
    private var tokens: [UInt64] = []
    private var word: [UInt8] = []

    package init(recipe: NGramRecipe) {
        self.recipe = recipe
        stemmer = recipe.stems ? sb_stemmer_new("english", "UTF_8") : nil
        precondition(!recipe.stems || stemmer != nil, "libstemmer has English")
    }

    deinit { if let stemmer { sb_stemmer_delete(stemmer) } }

    /// Appends the n-grams of a text to `names`, in no order that means anything; each once, unless
    /// the recipe takes means.
    package func read(_ text: UnsafeBufferPointer<UInt8>, into names: inout [UInt64]) {
        tokenize(text)
        let first = names.count
        for start in tokens.indices {
            var hash = NGramHash()
            for token in tokens[start..<min(start + recipe.order, tokens.count)] {
                hash = NGramHash(value: hash.appending(token: token))
                names.append(hash.value)
            }
        }
        if recipe.weighting == .mean { return }
        names[first...].sort()
        var end = first
        for index in first..<names.count where index == first || names[index] != names[end - 1] {
            names[end] = names[index]
            end += 1
        }
        names.removeLast(names.count - end)
    }

    private func tokenize(_ text: UnsafeBufferPointer<UInt8>) {
        tokens.removeAll(keepingCapacity: true)
        word.removeAll(keepingCapacity: true)
        var length = 0
        var offset = 0
        while offset < text.count {
            let byte = text[offset]
            if byte < 0x80 {
                offset += 1
                if ASCIIClass.isWord(byte) {
                    word.append(ASCIIClass.lowercase(byte))
                    length += 1
                    continue
                }
                endWord(&length)
                if byte == UInt8(ascii: "<"), let after = Self.lineBreak(text, at: offset - 1) {
                    offset = after
                } else if recipe.keepsMarks, byte > 0x20, byte != 0x7F {
                    mark(text[(offset - 1)..<offset])
                }
            } else {
                readWide(text, &offset, &length)
            }
        }
        endWord(&length)
    }

    /// One scalar outside ASCII.
    private func readWide(
        _ text: UnsafeBufferPointer<UInt8>, _ offset: inout Int, _ length: inout Int
    ) {
        let scalar: Unicode.Scalar
        var decoder = UTF8()
        var rest = text[offset...].makeIterator()
        let start = offset
        switch decoder.decode(&rest) {
        case .scalarValue(let value):
            scalar = value
            offset += UTF8.width(value)
        case .error, .emptyInput:
            scalar = "\u{FFFD}"
            offset += 1
        }
        if Self.isWord(scalar) {
            word.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            length += 1
            return
        }
        endWord(&length)
        guard recipe.keepsMarks, !scalar.properties.isWhitespace else { return }
        mark(text[start..<offset])
    }

    private func mark(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        tokens.append(NGramHash.token(UnsafeBufferPointer(rebasing: bytes)))
    }

    private func endWord(_ length: inout Int) {
        defer {
            word.removeAll(keepingCapacity: true)
            length = 0
        }
        guard length >= max(1, recipe.minimumWordLength) else { return }
        if recipe.removesStopWords, StopWords.english.contains(word) { return }
        tokens.append(word.withUnsafeBufferPointer { stemmed($0) })
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

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
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
