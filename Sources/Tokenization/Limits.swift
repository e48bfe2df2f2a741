// The maxima of this module.

enum Limits {
    /// Offsets are 32-bit.
    static let textBytes = Int(UInt32.max)
    /// What a settings file may ask for as the longest word, so that scratch memory stays small.
    static let maxWordScalars = 4096
    /// Cells of a piece trie: an offset has 22 bits. A vocabulary of 120,000 pieces takes 0.4 M.
    static let trieCells = 1 << 22
    /// Of a piece or an added token, as it is looked for: so many steps may each byte of a text
    /// cost. A word of 100 scalars, the usual limit, has no longer pieces.
    static let pieceBytes = 512
    /// Of a JSON file, whose 64 MB could have 32 million, tens of bytes of memory each. 250,000
    /// pieces with their scores, and as many merges as pairs, are 1.5 million.
    static let jsonValues = 1 << 21
    /// Pieces gathered before they are handed on, at least (a word's are handed on together).
    static let stagedPieces = 256
}
