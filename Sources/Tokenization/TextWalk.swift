// One pass over a text, from bytes to pieces: normalise, split, match.
//
//     text ──> word (normalised bytes, each with its source range) ──> staged pieces ──> sink
//
// Two loops share the work. `plainWord` takes words of nothing but ASCII, whose offsets are simply
// their positions; `anyWord` takes everything else, scalar by scalar. A word longer than the limit
// is counted but not stored, so memory is bounded and time linear.
//
// It keeps: `text` is valid UTF-8; a word underway holds at most `maxWordScalars` scalars; what is
// staged never exceeds its capacity, because a word of n scalars makes at most n pieces and room
// for them is made first. It does not truncate (that is `TokenSink`).

struct TextWalk: ~Copyable {
    /// For each byte of a normalised text, the range of the original that it comes from.
    struct Sources {
        let starts: UnsafePointer<UInt32>
        let ends: UnsafePointer<UInt32>
    }

    var text: UnsafePointer<UInt8>
    let pieces: PieceTrie
    var rules: ScalarRules
    let unknown: UInt32
    let maxWordScalars: Int
    let scratch: Scratch

    var sink: TokenSink
    var buffer: TokenBuffer
    /// Where the bytes of `text` come from, when it is a normalised text.
    var sources: Sources?
    /// The normalised text that is being made, when that is the task; then there are no words.
    var normalized: NormalizedText?
    var stagedCount = 0
    var wantsMore = true
    var word = WordUnderway()

    /// Reads `range`, whose ends are scalar boundaries and end words; hands on whole words only.
    mutating func read(_ range: Range<Int>) {
        var i = range.lowerBound
        while i < range.upperBound, wantsMore {
            let byte = rules.ascii.base[Int(text[i])]
            if byte < 0x80 {
                i = plainWord(from: i, to: range.upperBound)
            } else if byte == ASCIIClass.space {
                i += 1
            } else if byte == ASCIIClass.alone {
                makeRoom(1)
                match(text + i, count: 1, plainStart: i)
                i += 1
            } else {
                i = anyWord(from: i, to: range.upperBound)
            }
        }
    }

    /// A word that begins with ASCII; as soon as it is not plain, `anyWord` starts over.
    @inline(__always)
    private mutating func plainWord(from start: Int, to end: Int) -> Int {
        let bytes = scratch.bytes
        let limit = min(end, start + maxWordScalars)
        var i = start
        var byte = rules.ascii.base[Int(text[i])]
        repeat {
            bytes[i - start] = byte
            i += 1
            guard i < limit else { break }
            byte = rules.ascii.base[Int(text[i])]
        } while byte < 0x80
        if i < end, rules.ascii.base[Int(text[i])] & ~1 != ASCIIClass.space {
            return anyWord(from: start, to: end)
        }
        makeRoom(i - start)
        match(bytes, count: i - start, plainStart: start)
        return i
    }

    /// Cuts a word into the longest pieces, or calls it unknown; offsets count from `plainStart`.
    @inline(__always)
    private mutating func match(_ bytes: UnsafePointer<UInt8>, count: Int, plainStart: Int) {
        let mark = stagedCount
        var root = pieces.wordRoot
        var start = 0
        while start < count {
            let (end, id) = pieces.longest(root: root, bytes, from: start, to: count)
            guard end > 0 else {
                stagedCount = mark
                stage(unknown, UInt32(plainStart), UInt32(plainStart + count))
                return
            }
            stage(id, UInt32(plainStart + start), UInt32(plainStart + end))
            start = end
            root = pieces.continuationRoot
        }
    }

    /// As `match`, for the word underway, with offsets from the source of each byte.
    mutating func finishWord() {
        guard word.scalarCount > 0 else { return }
        defer { word = WordUnderway() }
        makeRoom(min(word.scalarCount, maxWordScalars))
        guard word.scalarCount <= maxWordScalars else {
            stage(unknown, word.sourceStart, word.sourceEnd)
            return
        }
        let mark = stagedCount
        var root = pieces.wordRoot
        var start = 0
        while start < word.byteCount {
            let (end, id) = pieces.longest(
                root: root, scratch.bytes, from: start, to: word.byteCount)
            guard end > 0 else {
                stagedCount = mark
                stage(unknown, word.sourceStart, word.sourceEnd)
                return
            }
            stage(id, scratch.sourceStarts[start], scratch.sourceEnds[end - 1])
            start = end
            root = pieces.continuationRoot
        }
    }

    /// In bounds, because `makeRoom` was told how many pieces may come.
    @inline(__always)
    mutating func stage(_ id: UInt32, _ start: UInt32, _ end: UInt32) {
        scratch.ids[stagedCount] = id
        scratch.starts[stagedCount] = start
        scratch.ends[stagedCount] = end
        stagedCount += 1
    }

    @inline(__always)
    mutating func makeRoom(_ count: Int) {
        if stagedCount + count > scratch.stagedCapacity { handOn() }
    }

    /// Hands the staged pieces to the sink.
    mutating func handOn() {
        defer { stagedCount = 0 }
        guard wantsMore else { return }
        if let sources {
            for i in 0..<stagedCount {
                scratch.starts[i] = sources.starts[Int(scratch.starts[i])]
                scratch.ends[i] = sources.ends[Int(scratch.ends[i]) - 1]
            }
        }
        wantsMore = sink.take(scratch, count: stagedCount, into: &buffer)
    }
}

/// What is known of the word that `anyWord` gathers in the scratch memory.
struct WordUnderway {
    var scalarCount = 0
    var byteCount = 0
    /// Where the source of its first scalar begins, and that of its last ends.
    var sourceStart: UInt32 = 0
    var sourceEnd: UInt32 = 0
}
