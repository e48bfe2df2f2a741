// Reads `tokenizer_config.json`, which stands beside a `vocab.txt` and says how it was used.
//
// Only what changes the answer is read; everything else in that file concerns other programs.

import JSONText

extension TokenizerSettings {
    /// The settings that the file states, the others as for bert-base-uncased.
    /// - Parameter familyNames: what special tokens of such models are called.
    package init(
        tokenizerConfig json: [UInt8], names familyNames: SpecialTokenNames = SpecialTokenNames()
    ) throws(TokenizationError) {
        self.init()
        names = familyNames
        let root: JSONNode
        do { root = try JSONDocument.parse(json) } catch {
            throw .unusable("tokenizer_config.json: \(error)")
        }
        guard root.object != nil else {
            throw .unusable("tokenizer_config.json is \(root.value.kind), not an object")
        }
        if root["do_basic_tokenize"]?.bool == false {
            throw .unusable("tokenizer_config.json: do_basic_tokenize false is not supported")
        }
        for (key, usual) in [
            ("word_tokenizer_type", "basic"), ("subword_tokenizer_type", "wordpiece"),
        ] {
            guard let stated = root[key]?.string, stated != usual else { continue }
            throw .unusable("tokenizer_config.json: \(key) \"\(stated)\" is not supported")
        }
        lowercase = root["do_lower_case"]?.bool ?? lowercase
        handleChineseCharacters = root["tokenize_chinese_chars"]?.bool ?? handleChineseCharacters
        stripAccents = root["strip_accents"]?.bool
        if root["tokenizer_class"]?.string?.hasPrefix("MPNetTokenizer") == true {
            names = .mpnet
        }
        names.unknown = Self.name(root["unk_token"]) ?? names.unknown
        names.classification = Self.name(root["cls_token"]) ?? names.classification
        names.separator = Self.name(root["sep_token"]) ?? names.separator
        names.padding = Self.name(root["pad_token"]) ?? names.padding
        names.mask = Self.name(root["mask_token"]) ?? names.mask
    }

    /// A token is written as its name, or as an object with its content.
    private static func name(_ node: JSONNode?) -> String? {
        node?.string ?? node?["content"]?.string
    }
}
