// Texts as token ids, each tokenised once, back to back in one ragged store.
//
// Invariant: they are cut as the daemon will cut them: the first max_tokens pieces, or the first
// quarter and the last three.

package import Encoder
internal import Syscalls
package import Tokenization
package import Weights

package struct TextTokens: Sendable {
    package private(set) var store = RaggedBatch()
    /// Texts that were longer than the model reads.
    package private(set) var truncated = 0

    package var count: Int { store.textCount }

    package func length(_ text: Int) -> Int { store.range(ofText: text).count }

    package func tokens(_ text: Int) -> ArraySlice<UInt32> { store.ids[store.range(ofText: text)] }

    package init(
        _ texts: [[UInt8]], _ tokenizer: WordPiece, truncation: ModelSettings.Truncation,
        maxTokens: Int
    ) throws(TokenizationError) {
        let policy: TruncationPolicy =
            truncation == .headAndTail ? .headAndTail(ofMax: maxTokens) : .head
        var buffer = TokenBuffer()
        for text in texts {
            let count = try tokenizer.tokenize(
                text, truncation: policy, maxTokens: maxTokens, into: &buffer)
            store.append(buffer.ids)
            truncated += count.truncated ? 1 : 0
        }
    }

    /// The texts of those places as one batch.
    package func batch(_ places: some Sequence<Int>) -> RaggedBatch {
        var batch = RaggedBatch()
        for place in places { batch.append(tokens(place)) }
        return batch
    }

    /// All places in parts of at most so many tokens, texts of like length together; a text that
    /// is longer alone is a part alone.
    package func parts(_ places: some Sequence<Int>, tokens limit: Int) -> [[Int]] {
        var parts: [[Int]] = []
        var room = 0
        for place in places.sorted(by: { (length($0), $0) < (length($1), $1) }) {
            if parts.isEmpty || length(place) > room {
                parts.append([])
                room = limit
            }
            parts[parts.count - 1].append(place)
            room -= length(place)
        }
        return parts
    }
}

extension WordPiece {
    /// The tokenizer of a model folder.
    package convenience init(of folder: ModelFolder) throws {
        let files = try folder.tokenizerFiles.contents()
        try self.init(
            tokenizerJSON: files.tokenizer, vocabulary: files.vocabulary,
            tokenizerConfig: files.configuration, addedTokens: files.addedTokens,
            modelType: folder.configuration.family.rawValue)
    }
}
