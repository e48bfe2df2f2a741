// The maxima of this module.

enum Limits {
    /// Offsets are 32-bit.
    static let textBytes = Int(UInt32.max)
    /// What a settings file may ask for as the longest word, so that scratch memory stays small.
    static let maxWordScalars = 4096
    /// Cells of a piece trie: an offset has 22 bits. A vocabulary of 120,000 pieces takes 0.4 M.
    static let trieCells = 1 << 22
    /// Pieces gathered before they are handed on, at least (a word's are handed on together).
    static let stagedPieces = 256
}
