// The pieces of a vocabulary as a trie over bytes, laid out in one array (a double array).
//
// A cell is 32 bits: label (9 bits, the byte that leads here, or 0x1FF in a free cell), whether a
// piece ends here (1 bit), and the offset (22 bits) of its children: the child by byte b lies in
// cell `offset ^ b`. No two nodes share an offset, so a cell with the right label is the right
// child, and one comparison a byte is the whole walk. Offset 0 is that of the leaves, and its
// cells, the first 256, stay free.
//
//      cell    31 ........ 10 | 9 | 8 ..... 0
//              offset         end   label
//
// Two tries share the array: pieces that begin a word, and pieces that go on in one (stored without
// their prefix). The walk is greedy, so a word of n bytes costs at most n times the longest piece.

struct PieceTrie: Sendable {
    static let freeLabel: UInt32 = 0x1FF
    static let endBit: UInt32 = 0x200
    static let offsetShift: UInt32 = 10

    let cells: FixedTable<UInt32>
    /// The id of the piece that ends in a cell.
    let ids: FixedTable<UInt32>
    /// Offsets of the children of the two roots.
    let wordRoot: UInt32
    let continuationRoot: UInt32

    /// A trie without pieces: the leaves' offset, where no child is.
    static let empty = PieceTrie(
        cells: FixedTable(Array(repeating: freeLabel, count: 256)), ids: FixedTable([0]),
        wordRoot: 0, continuationRoot: 0)

    /// The longest piece that `bytes[start..<end]` begins with: its end (0 for none), and its id.
    ///
    /// Offsets are below the cell count rounded down to 256, so `offset ^ byte` is in range.
    @inline(__always)
    func longest(
        root: UInt32, _ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> (end: Int, id: UInt32) {
        var offset = root
        var found = (end: 0, cell: 0)
        var i = start
        while i < end {
            let byte = UInt32(bytes[i])
            let cell = Int(offset ^ byte)
            let value = cells.base[cell]
            guard value & Self.freeLabel == byte else { break }
            i += 1
            if value & Self.endBit != 0 { found = (i, cell) }
            offset = value >> Self.offsetShift
        }
        return (found.end, ids.base[found.cell])
    }
}
