// The pieces of a model by id, as bytes: String would hold canonically equivalent pieces for equal.
//
// Invariant: ids run from 0 without a gap, and no two pieces have the same bytes. Empty pieces are
// allowed, as files have them, and never match.

struct Vocabulary: Sendable {
    private let bytes: [UInt8]
    /// Piece `i` is `bytes[bounds[i]..<bounds[i + 1]]`.
    private let bounds: [Int]
    /// Ids of tokens that were added later: found in texts by themselves, never as parts of words.
    private let notInWords: Set<Int>

    var count: Int { bounds.count - 1 }

    subscript(id: Int) -> ArraySlice<UInt8> { bytes[bounds[id]..<bounds[id + 1]] }

    /// One piece a line, the number of the line being its id; a line ends with LF or CR LF. Empty
    /// lines at the end are no pieces.
    init(lines text: [UInt8]) throws(TokenizationError) {
        let wrong = text.withUnsafeBufferPointer { UTF8Validation.firstInvalidByte($0) }
        if let wrong { throw .unusable("the vocabulary is not valid UTF-8 at byte \(wrong)") }
        var bytes: [UInt8] = []
        var bounds = [0]
        bytes.reserveCapacity(text.count)
        var start = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            var line = text[start..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            bytes += line
            bounds.append(bytes.count)
            guard bounds.count <= Limits.trieCells else { throw PieceTrieBuilder.tooLarge }
            start = end + 1
        }
        while bounds.count > 1, bounds[bounds.count - 2] == bytes.count { bounds.removeLast() }
        self.bytes = bytes
        self.bounds = bounds
        notInWords = []
    }

    /// Pieces with the ids they were given, in any order.
    init(pieces: [(bytes: [UInt8], id: Int)], notInWords: Set<Int>) throws(TokenizationError) {
        let sorted = pieces.sorted { $0.id < $1.id }
        var bytes: [UInt8] = []
        var bounds = [0]
        for (expected, piece) in sorted.enumerated() {
            if piece.id < expected {
                throw .unusable("two pieces of the vocabulary have id \(piece.id)")
            }
            if piece.id > expected {
                throw .unusable("no piece of the vocabulary has id \(expected)")
            }
            bytes += piece.bytes
            bounds.append(bytes.count)
        }
        self.bytes = bytes
        self.bounds = bounds
        self.notInWords = notInWords
    }

    private init(bytes: [UInt8], bounds: [Int], notInWords: Set<Int>) {
        self.bytes = bytes
        self.bounds = bounds
        self.notInWords = notInWords
    }

    /// With those tokens that are not among its pieces at its end, where their ids must lie.
    func adding(_ tokens: [AddedToken]) throws(TokenizationError) -> Vocabulary {
        guard !tokens.isEmpty else { return self }
        var (bytes, bounds, added) = (bytes, bounds, notInWords)
        let ids = ids
        for token in tokens.sorted(by: { $0.id < $1.id }) {
            if let known = ids[token.content[...]] {
                guard known == token.id else {
                    throw .unusable(
                        "the added token \"\(token.name)\" has ids \(known) and \(token.id)")
                }
                continue
            }
            guard token.id == bounds.count - 1 else {
                throw .unusable(
                    "the added token \"\(token.name)\" has id \(token.id), but the next that is"
                        + " free is \(bounds.count - 1)")
            }
            bytes += token.content
            bounds.append(bytes.count)
            added.insert(token.id)
        }
        return Vocabulary(bytes: bytes, bounds: bounds, notInWords: added)
    }

    /// The pieces as a trie, for the beginning of a word and for its rest.
    func trie(prefix: [UInt8]) throws(TokenizationError) -> PieceTrie {
        var builder = PieceTrieBuilder()
        for id in 0..<count where !notInWords.contains(id) && !self[id].isEmpty {
            let piece = self[id]
            guard piece.count <= Limits.pieceBytes else {
                throw .unusable(
                    "piece \(id) of the vocabulary has \(piece.count) bytes, over the limit of "
                        + "\(Limits.pieceBytes)")
            }
            if let first = try builder.insert(piece, id: UInt32(id), root: .word) {
                let name = String(decoding: piece, as: UTF8.self)
                throw .unusable("the vocabulary has \"\(name)\" twice, as \(first) and \(id)")
            }
            guard piece.starts(with: prefix) else { continue }
            _ = try builder.insert(
                piece.dropFirst(prefix.count), id: UInt32(id), root: .continuation)
        }
        return try builder.build()
    }

    /// The id of each piece, for whoever asks for many; the first of several with the same bytes.
    var ids: [ArraySlice<UInt8>: Int] {
        Dictionary((0..<count).map { (self[$0], $0) }, uniquingKeysWith: { first, _ in first })
    }

    func id(of piece: String) -> Int? {
        (0..<count).first { self[$0].elementsEqual(piece.utf8) }
    }
}
