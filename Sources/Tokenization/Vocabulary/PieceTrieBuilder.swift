// Builds a `PieceTrie`: first as lists of children, then packed into the double array.
//
// It finds doubled pieces on the way. Packing tries a bounded number of places for each node before
// it takes fresh cells, so the time is linear in the vocabulary, at the price of a few free cells.

struct PieceTrieBuilder {
    // The unpacked trie: node 0 is the root of words, node 1 that of continuations.
    private var labels: [UInt8] = [0, 0]
    private var firstChild: [UInt32] = [0, 0]
    private var nextSibling: [UInt32] = [0, 0]
    private var pieces: [UInt32] = [Self.none, Self.none]

    private static let none = UInt32.max

    static let tooLarge = TokenizationError.unusable(
        "the vocabulary is too large: over \(Limits.trieCells) trie cells")

    enum Root: Int {
        case word = 0
        case continuation = 1
    }

    /// Adds a piece; returns the id that has the same bytes already, if any.
    mutating func insert(
        _ bytes: ArraySlice<UInt8>, id: UInt32, root: Root
    ) throws(TokenizationError) -> UInt32? {
        var node = root.rawValue
        for byte in bytes { node = child(of: node, by: byte) }
        // Each node will want a cell.
        guard labels.count <= Limits.trieCells else { throw Self.tooLarge }
        if pieces[node] != Self.none { return pieces[node] }
        pieces[node] = id
        return nil
    }

    private mutating func child(of node: Int, by byte: UInt8) -> Int {
        var child = Int(firstChild[node])
        while child != 0 {
            if labels[child] == byte { return child }
            child = Int(nextSibling[child])
        }
        let new = labels.count
        labels.append(byte)
        nextSibling.append(firstChild[node])
        firstChild.append(0)
        pieces.append(Self.none)
        firstChild[node] = UInt32(new)
        return new
    }

    func build() throws(TokenizationError) -> PieceTrie {
        var packing = CellPacking()
        var pending: [(node: Int, cell: Int)] = []
        let roots = [Root.word.rawValue, Root.continuation.rawValue].map { node in
            place(childrenOf: node, in: &packing, &pending)
        }
        while let (node, cell) = pending.popLast() {
            let offset = place(childrenOf: node, in: &packing, &pending)
            packing.cells[cell] |= offset << PieceTrie.offsetShift
            if packing.cells.count > Limits.trieCells { throw Self.tooLarge }
        }
        return PieceTrie(
            cells: FixedTable(packing.cells), ids: FixedTable(packing.ids),
            wordRoot: roots[0], continuationRoot: roots[1])
    }

    /// Gives the children of a node their cells; returns the offset, 0 for a leaf.
    private func place(
        childrenOf node: Int, in packing: inout CellPacking,
        _ pending: inout [(node: Int, cell: Int)]
    ) -> UInt32 {
        var children: [Int] = []
        var child = Int(firstChild[node])
        while child != 0 {
            children.append(child)
            child = Int(nextSibling[child])
        }
        guard !children.isEmpty else { return 0 }
        let offset = packing.claim(children.map { labels[$0] })
        for child in children {
            let cell = offset ^ Int(labels[child])
            let isPiece = pieces[child] != Self.none
            packing.cells[cell] = UInt32(labels[child]) | (isPiece ? PieceTrie.endBit : 0)
            if isPiece { packing.ids[cell] = pieces[child] }
            pending.append((child, cell))
        }
        return UInt32(offset)
    }
}

/// The cells given out, those still free, and which offsets are taken.
private struct CellPacking {
    var cells: [UInt32] = []
    var ids: [UInt32] = []
    private var isOffsetTaken: [Bool] = []
    /// A bit for each cell, set while it is free; the leaves' cells, the first 256, never are.
    private var free: [UInt64] = []

    private static let blockCells = 256
    /// How far back, and how often, a place is looked for.
    private static let windowWords = 8 * blockCells / 64
    private static let tries = 64

    init() {
        grow()
        isOffsetTaken[0] = true
        for word in free.indices { free[word] = 0 }
    }

    private mutating func grow() {
        cells += repeatElement(PieceTrie.freeLabel, count: Self.blockCells)
        ids += repeatElement(0, count: Self.blockCells)
        isOffsetTaken += repeatElement(false, count: Self.blockCells)
        free += repeatElement(.max, count: Self.blockCells / 64)
    }

    /// An unused offset at which a cell is free for each label; the cells are taken.
    mutating func claim(_ labels: [UInt8]) -> Int {
        let offset = search(labels) ?? cells.count
        if offset == cells.count { grow() }
        isOffsetTaken[offset] = true
        for label in labels {
            let cell = offset ^ Int(label)
            free[cell >> 6] &= ~(1 << UInt64(cell & 63))
        }
        return offset
    }

    private func search(_ labels: [UInt8]) -> Int? {
        var misses = 0
        for word in max(0, free.count - Self.windowWords)..<free.count {
            var bits = free[word]
            while bits != 0 {
                let candidate = word << 6 | bits.trailingZeroBitCount
                let offset = candidate ^ Int(labels[0])
                if !isOffsetTaken[offset], labels.allSatisfy({ isFree(offset ^ Int($0)) }) {
                    return offset
                }
                misses += 1
                if misses == Self.tries { return nil }
                bits &= bits - 1
            }
        }
        return nil
    }

    private func isFree(_ cell: Int) -> Bool { free[cell >> 6] >> UInt64(cell & 63) & 1 == 1 }
}
