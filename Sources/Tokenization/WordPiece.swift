// A WordPiece tokenizer: bytes of UTF-8 to the ids that a BERT model was trained on.
//
// Its answers are those of Hugging Face's tokenizers 0.23.3 on every input, ids and offsets, with
// two differences that a server wants: invalid UTF-8 is an error, and the name of [CLS], [SEP] and
// their like in a text is text (`SpecialTokenReading`). Follow a text: `TextWalk` reads it by
// `ScalarRules`, cuts words with `PieceTrie`, and hands pieces to `TokenSink`, which truncates.
//
// Invariant: immutable once made, so one tokenizer serves all threads; what changes is in the
// caller's `TokenBuffer`. Time is linear in the text, whatever it holds.

package final class WordPiece: Sendable {
    package let settings: TokenizerSettings
    /// The id of the token for words that the pieces do not spell.
    package let unknown: UInt32
    /// The id of the first token of every input, "[CLS]".
    package let classification: UInt32
    /// The id of the last token of every input, "[SEP]".
    package let separator: UInt32
    package let padding: UInt32?
    package let mask: UInt32?

    let vocabulary: Vocabulary
    let pieces: PieceTrie
    let rules: ScalarRules
    let addedTokens: AddedTokens

    /// A tokenizer from the text of a `vocab.txt`: one piece a line.
    package convenience init(
        vocabularyText: [UInt8], settings: TokenizerSettings = TokenizerSettings(),
        specialTokens: SpecialTokenReading = .text
    ) throws(TokenizationError) {
        try self.init(
            vocabularyText: vocabularyText, settings: settings, addedTokens: [],
            specialTokens: specialTokens)
    }

    /// As above, with tokens beside those of the vocabulary.
    convenience init(
        vocabularyText: [UInt8], settings: TokenizerSettings, addedTokens: [AddedToken],
        specialTokens: SpecialTokenReading = .text
    ) throws(TokenizationError) {
        let vocabulary = try Vocabulary(lines: vocabularyText).adding(addedTokens)
        let names = Set(addedTokens.map(\.name))
        let special = settings.names.all.filter { !names.contains($0) }.compactMap { name in
            vocabulary.id(of: name).map { AddedToken(special: name, id: $0) }
        }
        try self.init(
            vocabulary: vocabulary, settings: settings, added: special + addedTokens,
            reading: specialTokens)
    }

    /// A tokenizer from a `tokenizer.json`.
    /// - Parameter tokenizerConfig: what stands beside it and may overrule it; may be empty.
    package convenience init(
        tokenizerJSON: [UInt8], tokenizerConfig: [UInt8] = [],
        specialTokens: SpecialTokenReading = .text
    ) throws(TokenizationError) {
        let file = try TokenizerFile(tokenizerJSON, config: tokenizerConfig)
        try self.init(
            vocabulary: file.vocabulary, settings: file.settings, added: file.addedTokens,
            reading: specialTokens)
    }

    private init(
        vocabulary: Vocabulary, settings: TokenizerSettings, added: [AddedToken] = [],
        reading: SpecialTokenReading = .text
    ) throws(TokenizationError) {
        let scalars = settings.maxWordScalars
        guard 1...Limits.maxWordScalars ~= scalars else {
            throw .unusable("a word of \(scalars) scalars, not 1 to \(Limits.maxWordScalars)")
        }
        func required(_ name: String) throws(TokenizationError) -> UInt32 {
            guard let id = vocabulary.id(of: name) else {
                throw .unusable("the vocabulary has no special token \"\(name)\"")
            }
            return UInt32(id)
        }
        self.settings = settings
        self.vocabulary = vocabulary
        unknown = try required(settings.names.unknown)
        classification = try required(settings.names.classification)
        separator = try required(settings.names.separator)
        padding = vocabulary.id(of: settings.names.padding).map(UInt32.init)
        mask = vocabulary.id(of: settings.names.mask).map(UInt32.init)
        pieces = try vocabulary.trie(prefix: settings.continuingPrefix)
        rules = ScalarRules(settings)
        addedTokens = try AddedTokens(
            added, names: settings.names, reading: reading, rules: rules,
            trimsOffsets: settings.trimsOffsets)
    }

    package var vocabularyCount: Int { vocabulary.count }

    /// The bytes of a piece, continuation prefix included; `id` is below `vocabularyCount`.
    package func piece(_ id: UInt32) -> [UInt8] { Array(vocabulary[Int(id)]) }
}

extension WordPiece {
    /// Writes the tokens of a text into the buffer, whatever it held before.
    ///
    /// - Parameters:
    ///   - text: UTF-8; all of it is validated, also what is not used.
    ///   - maxTokens: The model's limit, special tokens included; at least 2.
    ///   - countAll: Whether the text is read to its end only to know `total`; policies other than
    ///     `.head` do so anyway.
    ///   - specialTokens: Whether [CLS] and [SEP] are put around.
    /// - Throws: `.invalidUTF8`; `.tooLong` by the policy `.refuse`.
    package func tokenize(
        _ text: UnsafeBufferPointer<UInt8>,
        truncation: TruncationPolicy = .head,
        maxTokens: Int = .max,
        countAll: Bool = false,
        specialTokens: Bool = true,
        into buffer: inout TokenBuffer
    ) throws(TokenizationError) -> TokenCount {
        precondition(maxTokens >= 2 && text.count <= Limits.textBytes)
        if let offset = UTF8Validation.firstInvalidByte(text) { throw .invalidUTF8(offset: offset) }
        let added = specialTokens ? 2 : 0
        buffer.clear()
        if specialTokens { buffer.append(id: classification) }
        let sink = TokenSink(
            policy: truncation, capacity: maxTokens - added, countAll: countAll, base: added / 2)
        let (counted, reachedEnd) = walk(text, sink, &buffer)
        if truncation == .refuse, counted.overflowed {
            buffer.clear()
            throw .tooLong(tokens: counted.total + added, limit: maxTokens)
        }
        counted.finish(&buffer)
        if specialTokens { buffer.append(id: separator) }
        return TokenCount(
            used: buffer.count, total: reachedEnd ? counted.total + added : nil,
            truncated: counted.overflowed)
    }

    /// As above, for an array.
    package func tokenize(
        _ text: [UInt8],
        truncation: TruncationPolicy = .head,
        maxTokens: Int = .max,
        countAll: Bool = false,
        specialTokens: Bool = true,
        into buffer: inout TokenBuffer
    ) throws(TokenizationError) -> TokenCount {
        try text.withUnsafeBufferPointer { bytes throws(TokenizationError) in
            try tokenize(
                bytes, truncation: truncation, maxTokens: maxTokens, countAll: countAll,
                specialTokens: specialTokens, into: &buffer)
        }
    }

    /// Reads the text into the buffer; returns the counts and whether it was read to its end.
    private func walk(
        _ text: UnsafeBufferPointer<UInt8>, _ sink: TokenSink, _ buffer: inout TokenBuffer
    ) -> (TokenSink, reachedEnd: Bool) {
        guard let base = text.baseAddress, text.count > 0 else { return (sink, true) }
        let scratch = buffer.scratch(wordScalars: settings.maxWordScalars)
        // Lent to the walk, so that the arrays stay uniquely referenced and are appended in place.
        var lent = TokenBuffer()
        swap(&lent, &buffer)
        var walk = TextWalk(
            text: base, pieces: pieces, rules: rules, unknown: unknown,
            maxWordScalars: settings.maxWordScalars, scratch: scratch, sink: sink, buffer: lent)
        lent = TokenBuffer()
        walk.read(0..<text.count, around: addedTokens)
        let reachedEnd = walk.wantsMore
        walk.handOn()
        swap(&walk.buffer, &buffer)
        return (walk.sink, reachedEnd)
    }
}
