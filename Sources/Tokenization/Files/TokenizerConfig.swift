// Reads `tokenizer_config.json`, which says how a `vocab.txt` was used. It overrides the
// normalisation of a `tokenizer.json`, as transformers (4 and 5) does, unless the tokenizer class
// ignores it. What it leaves out stays as `tokenizer.json` has it; the reference then takes its
// class's defaults.
//
// Only what changes the answer is read; everything else in that file concerns other programs.

import JSONText

enum TokenizerConfig {
    static let file = "tokenizer_config.json"

    /// Tokenizer classes that read `tokenizer.json` alone.
    static let plainClasses = ["PreTrainedTokenizerFast", "TokenizersBackend"]

    static func parse(_ json: [UInt8]) throws(TokenizationError) -> JSONNode {
        let root = try JSONDocument.parse(json, file: file)
        guard root.object != nil else {
            throw .unusable("\(file) is \(root.value.kind), not an object")
        }
        return root
    }
}

extension TokenizerSettings {
    /// Takes over what the file states about normalisation.
    mutating func normalize(as root: JSONNode) {
        lowercase = root["do_lower_case"]?.bool ?? lowercase
        handleChineseCharacters = root["tokenize_chinese_chars"]?.bool ?? handleChineseCharacters
        if let stated = root["strip_accents"] { stripAccents = stated.bool }
    }

    /// The settings that the file states, the others as for bert-base-uncased.
    /// - Parameter names: what special tokens of such models are called.
    init(_ root: JSONNode, names familyNames: SpecialTokenNames) throws(TokenizationError) {
        self.init()
        names = familyNames
        if root["do_basic_tokenize"]?.bool == false {
            throw .unusable("tokenizer_config.json: do_basic_tokenize false is not supported")
        }
        for (key, usual) in [
            ("word_tokenizer_type", "basic"), ("subword_tokenizer_type", "wordpiece"),
        ] {
            guard let stated = root[key]?.string, stated != usual else { continue }
            throw .unusable("tokenizer_config.json: \(key) \"\(stated)\" is not supported")
        }
        normalize(as: root)
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
