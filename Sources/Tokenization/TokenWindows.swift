// A text that is longer than a model reads, in windows that it can read.
//
// The text is tokenised once and its tokens are split: before the last sentence that begins within
// the window, else before the last word, else, if one word is longer than a window, inside it.
//
// Invariant: windows hold the very tokens of the text, each once and in order; their bytes are the
// text. Time is linear in the text, and no more tokens are looked at than the windows may hold.

/// One window: which of the text's tokens, and which of its bytes.
package struct TokenWindow: Sendable, Equatable {
    package let tokens: Range<Int>
    package let bytes: Range<Int>
}

extension WordPiece {
    /// Splits a text; one window where it fits whole. The buffer then holds the text's tokens,
    /// without special ones.
    ///
    /// - Parameters:
    ///   - maxTokens: The model's limit, special tokens included; at least 3.
    ///   - limit: Windows at the most.
    /// - Throws: `.invalidUTF8`; `.tooManyWindows`.
    package func windows(
        _ text: [UInt8], maxTokens: Int, atMost limit: Int, into buffer: inout TokenBuffer
    ) throws(TokenizationError) -> [TokenWindow] {
        let room = maxTokens - 2
        let count = try tokenize(
            text, truncation: .head, maxTokens: max(2, room * limit), specialTokens: false,
            into: &buffer)
        guard !count.truncated else { throw .tooManyWindows(limit: limit) }
        guard count.used > room else {
            return [TokenWindow(tokens: 0..<count.used, bytes: 0..<text.count)]
        }
        var windows: [TokenWindow] = []
        var sentences = SentenceStarts(of: text, in: buffer)
        var (first, start) = (0, 0)
        while first < count.used {
            guard windows.count < limit else { throw .tooManyWindows(limit: limit) }
            let cut =
                first + room >= count.used
                ? (token: count.used, byte: text.count)
                : sentences.last(first + 1...first + room) ?? wordCut(first, room, buffer)
            let end = max(start, cut.byte)
            windows.append(TokenWindow(tokens: first..<cut.token, bytes: start..<end))
            (first, start) = (cut.token, end)
        }
        return windows
    }

    /// Before the last word that begins within the window; else after as many tokens as fit.
    private func wordCut(
        _ first: Int, _ room: Int, _ buffer: TokenBuffer
    ) -> (token: Int, byte: Int) {
        let prefix = settings.continuingPrefix
        let reach = first + 1...first + room
        let word = reach.last { token in
            let isInside =
                !prefix.isEmpty && vocabulary[Int(buffer.ids[token])].starts(with: prefix)
            return !isInside && buffer.starts[token] >= buffer.ends[token - 1]
        }
        let token = word ?? reach.upperBound
        // Tokens of one word may share their bytes: what has begun stays before the cut.
        return (token, Int(max(buffer.starts[token], buffer.ends[first])))
    }
}

/// Where sentences begin: the first token of each, and its byte.
private struct SentenceStarts {
    private var places: [(token: Int, byte: Int)] = []
    private var next = 0

    init(of text: [UInt8], in buffer: TokenBuffer) {
        let bytes = SentenceSplitter().ranges(of: text).map(\.lowerBound)
        var sentence = 1
        for token in 1..<buffer.count {
            let known = sentence
            while sentence < bytes.count, bytes[sentence] <= buffer.starts[token] { sentence += 1 }
            if sentence > known { places.append((token, bytes[sentence - 1])) }
        }
    }

    /// The last one among these tokens, which never go back from one call to the next.
    mutating func last(_ reach: ClosedRange<Int>) -> (token: Int, byte: Int)? {
        var found: (token: Int, byte: Int)?
        while next < places.count, places[next].token <= reach.upperBound {
            if places[next].token >= reach.lowerBound { found = places[next] }
            next += 1
        }
        return found
    }
}
