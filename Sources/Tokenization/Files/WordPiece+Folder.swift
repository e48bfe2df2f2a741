// The tokenizer that a model folder's files describe, by their contents: the one place that knows
// which file wins and what holds where none of them says anything.
//
// It opens no file, and knows no model but by the name of its family.

extension WordPiece {
    /// - Parameters:
    ///   - tokenizerJSON: `tokenizer.json`; where it is not empty, it says all that
    ///     `tokenizerConfig` does not overrule.
    ///   - vocabulary: `vocab.txt`.
    ///   - tokenizerConfig: `tokenizer_config.json` beside them; may be empty.
    ///   - addedTokens: `added_tokens.json`, of a `vocab.txt` whose `tokenizer_config.json` lists
    ///     none; may be empty.
    ///   - modelType: `model_type` of `config.json`, which names the special tokens where
    ///     `tokenizer_config.json` does not.
    /// - Throws: where the files ask for something that this tokenizer does not do.
    package convenience init(
        tokenizerJSON: [UInt8], vocabulary: [UInt8], tokenizerConfig: [UInt8],
        addedTokens: [UInt8] = [], modelType: String
    ) throws(TokenizationError) {
        guard tokenizerJSON.isEmpty else {
            try self.init(tokenizerJSON: tokenizerJSON, tokenizerConfig: tokenizerConfig)
            return
        }
        var settings = TokenizerSettings()
        if modelType == "mpnet" { settings.names = .mpnet }
        var added: [AddedToken] = []
        if !tokenizerConfig.isEmpty {
            let stated = try TokenizerConfig.parse(tokenizerConfig)
            settings = try TokenizerSettings(stated, names: settings.names)
            added = try AddedToken.list(tokenizerConfig: stated)
        }
        if added.isEmpty, !addedTokens.isEmpty {
            added = try AddedToken.list(addedTokens: addedTokens, special: settings.names)
        }
        try self.init(vocabularyText: vocabulary, settings: settings, addedTokens: added)
    }
}
