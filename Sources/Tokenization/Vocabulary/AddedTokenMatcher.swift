// Finds added tokens in a text: the leftmost, and of those that begin there the longest.
//
// A token that is found but may not stand there (not a single word; special, but read as text) is
// passed over whole, as in the reference: what it covers is text, and no other token is looked for
// inside it. Trailing white space in a match is searched again, so a token may start there. Each
// byte starts at most one look-up, and a run of white space is measured once, so the time is at
// most the length of the text times that of the longest token, which `Limits` bounds.

struct AddedTokenMatcher: Sendable {
    private let trie: PieceTrie
    /// Indexed by the number under which the trie knows them.
    private let tokens: [AddedToken]
    /// For each token, whether its name in a text is read as text.
    private let areText: [Bool]
    /// Whether offsets leave out the white space that a match includes.
    private let trimsOffsets: Bool

    private static let wordCharacters = UnicodeTables.ranges(UnicodeTables.wordCharacters)
    private static let whitespace = UnicodeTables.ranges(UnicodeTables.whitespace)

    /// A token in a text.
    struct Match {
        let id: UInt32
        /// With the white space that the match includes.
        let range: Range<Int>
        /// The offsets reported for it.
        let told: Range<Int>
    }

    /// How far a text has been searched.
    struct Search {
        /// Where the next token may begin: the end of the token before, without white space.
        fileprivate var start: Int
        /// The end of the match before, white space included; never before `start`.
        fileprivate var taken: Int
        /// A run of white space, to its end.
        fileprivate var blank = 0..<0

        init(from start: Int) {
            self.start = start
            taken = start
        }
    }

    /// - Parameters:
    ///   - spellings: How each token is spelt in the texts that will be searched; of equal
    ///     spellings, the first special one counts, or else the first.
    ///   - readAsText: Special tokens that are never found, by their content.
    ///   - trimsOffsets: Whether offsets leave out the white space that a match includes.
    /// - Returns: nil where nothing could ever be found.
    init?(
        _ spellings: [(token: AddedToken, bytes: [UInt8])], readAsText: Set<[UInt8]>,
        trimsOffsets: Bool
    ) throws(TokenizationError) {
        func isText(_ token: AddedToken) -> Bool {
            token.isSpecial && readAsText.contains(token.content)
        }
        guard spellings.contains(where: { !isText($0.token) }) else { return nil }
        let ordered = spellings.filter(\.token.isSpecial) + spellings.filter { !$0.token.isSpecial }
        var builder = PieceTrieBuilder()
        for (number, spelling) in ordered.enumerated() {
            guard !spelling.bytes.isEmpty else {
                throw .unusable("added token \"\(spelling.token.name)\" is empty once normalised")
            }
            guard spelling.bytes.count <= Limits.pieceBytes else {
                throw .unusable(
                    "the added token \"\(spelling.token.name.prefix(40))...\" has "
                        + "\(spelling.bytes.count) bytes, over the limit of \(Limits.pieceBytes)")
            }
            _ = try builder.insert(spelling.bytes[...], id: UInt32(number), root: .word)
        }
        trie = try builder.build()
        tokens = ordered.map(\.token)
        areText = tokens.map(isText)
        self.trimsOffsets = trimsOffsets
    }

    /// The first token in `text[range]` that begins at the search's position or later; it may begin
    /// in the trailing white space of the match before. Whether it may stand there is judged by
    /// `range` alone.
    func next(
        in text: UnsafePointer<UInt8>, _ range: Range<Int>, _ search: inout Search
    ) -> Match? {
        var i = search.start
        while i < range.upperBound {
            let (end, number) = trie.longest(
                root: trie.wordRoot, text, from: i, to: range.upperBound)
            guard end > 0 else {
                i += 1
                continue
            }
            let token = tokens[Int(number)]
            if !areText[Int(number)], mayStand(token, at: i..<end, in: text, range) {
                let found = take(token, at: i..<end, in: text, range, &search)
                // Skip a white-space token the previous match already consumed.
                if !found.range.isEmpty { return found }
            }
            i = end
        }
        return nil
    }

    private func take(
        _ token: AddedToken, at place: Range<Int>, in text: UnsafePointer<UInt8>,
        _ range: Range<Int>, _ search: inout Search
    ) -> Match {
        var (first, last) = (place.lowerBound, place.upperBound)
        if token.stripsLeft {
            first = max(search.taken, spaceBefore(first, in: text, downTo: search.taken))
        }
        if token.stripsRight { last = spaceAfter(last, in: text, upTo: range, &search) }
        (search.start, search.taken) = (place.upperBound, last)
        let whole = first..<max(first, last)
        return Match(
            id: UInt32(token.id), range: whole,
            told: trimsOffsets ? place.clamped(to: whole) : whole)
    }

    private func mayStand(
        _ token: AddedToken, at place: Range<Int>, in text: UnsafePointer<UInt8>,
        _ range: Range<Int>
    ) -> Bool {
        guard token.isSingleWord else { return true }
        if place.lowerBound > range.lowerBound {
            let before = Self.scalarStart(before: place.lowerBound, in: text)
            if Self.contains(Self.wordCharacters, text + before) { return false }
        }
        return place.upperBound == range.upperBound
            || !Self.contains(Self.wordCharacters, text + place.upperBound)
    }

    private func spaceBefore(_ end: Int, in text: UnsafePointer<UInt8>, downTo start: Int) -> Int {
        var i = end
        while i > start {
            let before = Self.scalarStart(before: i, in: text)
            guard Self.contains(Self.whitespace, text + before) else { break }
            i = before
        }
        return i
    }

    private func spaceAfter(
        _ start: Int, in text: UnsafePointer<UInt8>, upTo range: Range<Int>,
        _ search: inout Search
    ) -> Int {
        if search.blank.contains(start) { return search.blank.upperBound }
        var i = start
        while i < range.upperBound, Self.contains(Self.whitespace, text + i) {
            i += DecodedScalar(at: text + i).length
        }
        search.blank = start..<i
        return i
    }

    /// Where the scalar before `i` begins; `i` is past the beginning of valid UTF-8.
    private static func scalarStart(before i: Int, in text: UnsafePointer<UInt8>) -> Int {
        var start = i - 1
        while text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// Whether the ascending ranges have the scalar that begins at `bytes`.
    private static func contains(_ ranges: [Range<Int>], _ bytes: UnsafePointer<UInt8>) -> Bool {
        let scalar = Int(DecodedScalar(at: bytes).value)
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }
}
