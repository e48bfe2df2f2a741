// Reads `tokenizer.json`, the reference's own file, as far as a BERT tokenizer goes.
//
// Understood: the model "WordPiece", the normaliser "BertNormalizer" (or none), the pre-tokenizer
// "BertPreTokenizer", added tokens, and a post-processor that puts one token before a text and one
// after. Truncation, padding and the decoder are ignored: they are the service's business or not
// needed. Anything else is an error that names the part, never a tokenizer that is almost right.

import JSONText

struct TokenizerFile {
    private(set) var settings: TokenizerSettings
    private(set) var vocabulary: Vocabulary
    private(set) var addedTokens: [AddedToken]

    /// - Parameter config: `tokenizer_config.json` beside it; may be empty.
    init(_ json: [UInt8], config: [UInt8] = []) throws(TokenizationError) {
        let root = try JSONDocument.parse(json, file: "tokenizer.json")
        settings = try Self.normalizer(root["normalizer"])
        let stated = config.isEmpty ? nil : try TokenizerConfig.parse(config)
        let isPlain = TokenizerConfig.plainClasses.contains(
            stated?["tokenizer_class"]?.string ?? "")
        if let stated, !isPlain, root["normalizer"]?["type"] != nil {
            settings.normalize(as: stated)
        }
        try Self.checkType(of: root["pre_tokenizer"], part: "pre_tokenizer", ["BertPreTokenizer"])
        guard let model = root["model"] else { throw .unusable("tokenizer.json has no model") }
        if !Self.isUntypedWordPiece(model) {
            try Self.checkType(of: model, part: "model", ["WordPiece"])
        }
        if let prefix = model["continuing_subword_prefix"]?.utf8 {
            settings.continuingPrefix = prefix
        }
        if let longest = model["max_input_chars_per_word"]?.int {
            settings.maxWordScalars = longest
        }
        if let unknown = model["unk_token"]?.string { settings.names.unknown = unknown }
        addedTokens = try (root["added_tokens"]?.array ?? []).map(AddedToken.init)
        vocabulary = try Self.vocabulary(model, addedTokens)
        if let stated { try checkAddedTokens(AddedToken.list(tokenizerConfig: stated)) }
        nameAddedTokens()
        try readPostProcessor(root["post_processor"], isNeeded: isPlain)
    }

    /// As files from before tokenizers 0.9 have it: a WordPiece is what has all its parts, and no
    /// merges.
    private static func isUntypedWordPiece(_ model: JSONNode) -> Bool {
        let parts = ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"]
        return model["type"] == nil && model["merges"] == nil
            && parts.allSatisfy { model[$0] != nil }
    }

    /// The reference adds what is listed beside this file and not in it.
    private func checkAddedTokens(_ tokens: [AddedToken]) throws(TokenizationError) {
        guard !tokens.isEmpty else { return }
        let ids = vocabulary.ids
        for token in tokens where ids[token.content[...]] != token.id {
            throw .unusable(
                "\(TokenizerConfig.file) adds \"\(token.name)\" as \(token.id), but "
                    + "tokenizer.json does not")
        }
    }

    private static func checkType(
        of node: JSONNode?, part: String, _ known: [String]
    ) throws(TokenizationError) {
        let type = node?["type"]?.string ?? "none"
        guard known.contains(type) else {
            let wanted = known.joined(separator: " or ")
            throw .unusable("tokenizer.json: \(part) is \(type), but only \(wanted) is known")
        }
    }

    private static func normalizer(
        _ node: JSONNode?
    ) throws(TokenizationError) -> TokenizerSettings {
        guard let node, !node.isNull else { return .plain }
        try checkType(of: node, part: "normalizer", ["BertNormalizer"])
        var settings = TokenizerSettings()
        settings.cleanText = node["clean_text"]?.bool ?? true
        settings.handleChineseCharacters = node["handle_chinese_chars"]?.bool ?? true
        settings.stripAccents = node["strip_accents"]?.bool
        settings.lowercase = node["lowercase"]?.bool ?? true
        return settings
    }

    /// The model's pieces, and the added tokens that it does not have.
    private static func vocabulary(
        _ model: JSONNode, _ added: [AddedToken]
    ) throws(TokenizationError) -> Vocabulary {
        guard let members = model["vocab"]?.object else {
            throw .unusable("tokenizer.json: the model has no vocab object")
        }
        var pieces: [(bytes: [UInt8], id: Int)] = []
        var known: [[UInt8]: Int] = [:]
        for member in members {
            guard let id = member.node.int, id >= 0 else {
                throw .unusable("tokenizer.json: \"\(member.nameText)\" has no id")
            }
            pieces.append((member.name, id))
            known[member.name] = id
        }
        let trained = pieces.count
        for token in added {
            let id = known[token.content] ?? token.id
            guard id == token.id else {
                throw .unusable("tokenizer.json: \"\(token.name)\" has ids \(id) and \(token.id)")
            }
            if known.updateValue(id, forKey: token.content) == nil {
                pieces.append((token.content, id))
            }
        }
        return try Vocabulary(pieces: pieces, notInWords: Set(pieces[trained...].map(\.id)))
    }

    /// No part of the file says which token is for padding and which for masks: they go by MPNet's
    /// names where those, and not BERT's, are among the added tokens.
    private mutating func nameAddedTokens() {
        let (bert, mpnet) = (SpecialTokenNames(), SpecialTokenNames.mpnet)
        let added = Set(addedTokens.filter(\.isSpecial).map(\.name))
        if !added.contains(bert.padding), added.contains(mpnet.padding) {
            settings.names.padding = mpnet.padding
        }
        if !added.contains(bert.mask), added.contains(mpnet.mask) {
            settings.names.mask = mpnet.mask
        }
    }

    /// Finds the names of the first and the last token, in any of the three forms in use.
    /// - Parameter isNeeded: of a class that puts no token around a text without one.
    private mutating func readPostProcessor(
        _ node: JSONNode?, isNeeded: Bool
    ) throws(TokenizationError) {
        guard let node, !node.isNull else {
            guard !isNeeded else {
                throw .unusable(
                    "tokenizer.json has no post_processor: no token stands around texts")
            }
            return
        }
        let known = ["TemplateProcessing", "BertProcessing", "RobertaProcessing"]
        try Self.checkType(of: node, part: "post_processor", known)
        if node["type"]?.string == "RobertaProcessing" {
            settings.trimsOffsets = node["trim_offsets"]?.bool ?? true
        }
        let names: (first: String?, last: String?)
        if let template = node["single"]?.array {
            guard template.count == 3, template[1]["Sequence"]?["id"]?.string == "A" else {
                throw .unusable("tokenizer.json: the template is not a token, the text, a token")
            }
            for part in template {
                guard (part["Sequence"] ?? part["SpecialToken"])?["type_id"]?.int ?? 0 == 0 else {
                    throw .unusable("tokenizer.json: the template has a type_id that is not 0")
                }
            }
            names = (
                template[0]["SpecialToken"]?["id"]?.string,
                template[2]["SpecialToken"]?["id"]?.string
            )
        } else {
            names = (node["cls"]?.array?.first?.string, node["sep"]?.array?.first?.string)
        }
        guard let first = names.first, let last = names.last else {
            throw .unusable("tokenizer.json: the post_processor does not name two special tokens")
        }
        settings.names.classification = first
        settings.names.separator = last
    }
}
