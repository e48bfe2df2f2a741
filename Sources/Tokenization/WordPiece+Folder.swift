// The tokenizer that a model folder's files describe, by their contents: the one place that knows
// which file wins and what holds where none says anything.
//
// It opens no file, and knows no model but by the name of its family.

extension WordPiece {
    /// - Parameters:
    ///   - tokenizerJSON: `tokenizer.json`; it says all, where it is not empty.
    ///   - vocabulary: `vocab.txt`.
    ///   - tokenizerConfig: `tokenizer_config.json` beside it; may be empty.
    ///   - modelType: `model_type` of `config.json`, which names the special tokens where
    ///     `tokenizer_config.json` does not.
    /// - Throws: what the files say that this tokenizer does not do.
    package convenience init(
        tokenizerJSON: [UInt8], vocabulary: [UInt8], tokenizerConfig: [UInt8], modelType: String
    ) throws(TokenizationError) {
        guard tokenizerJSON.isEmpty else {
            try self.init(tokenizerJSON: tokenizerJSON)
            return
        }
        var settings = TokenizerSettings()
        if modelType == "mpnet" { settings.names = .mpnet }
        if !tokenizerConfig.isEmpty {
            settings = try TokenizerSettings(
                tokenizerConfig: tokenizerConfig, names: settings.names)
        }
        try self.init(vocabularyText: vocabulary, settings: settings)
    }
}
