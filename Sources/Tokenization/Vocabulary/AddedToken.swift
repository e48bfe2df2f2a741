// A token added to a trained vocabulary: found in the text before it is cut into words.
//
// Special tokens to which the model itself gives a meaning ([SEP]) are found only if the tokenizer
// is told to read them as tokens; other special tokens ([E1], [USER]) are always found.

import JSONText

struct AddedToken: Sendable, Equatable {
    let id: Int
    let content: [UInt8]
    let isSpecial: Bool
    /// Not where it touches a word character.
    let isSingleWord: Bool
    /// Whether the match includes the white space before it.
    let stripsLeft: Bool
    /// Whether the match includes the white space after it.
    let stripsRight: Bool
    /// Looked for in the normalised text rather than in the text.
    let isNormalized: Bool

    var name: String { String(decoding: content, as: UTF8.self) }

    /// A special token of a plain vocabulary: found as it is spelt, wherever it stands.
    init(special name: String, id: Int) {
        self.id = id
        content = Array(name.utf8)
        isSpecial = true
        isSingleWord = false
        stripsLeft = false
        stripsRight = false
        isNormalized = false
    }

    /// A member of `added_tokens.json`, as older files have them.
    init(added content: [UInt8], id: Int, isSpecial: Bool) {
        self.id = id
        self.content = content
        self.isSpecial = isSpecial
        isSingleWord = false
        stripsLeft = false
        stripsRight = false
        isNormalized = !isSpecial
    }

    /// An entry of the list "added_tokens" of `tokenizer.json`.
    init(_ node: JSONNode) throws(TokenizationError) {
        try self.init(node, id: node["id"]?.int, file: "tokenizer.json")
    }

    /// The members of "added_tokens_decoder" of `tokenizer_config.json`, which are named by id.
    static func list(tokenizerConfig root: JSONNode) throws(TokenizationError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for member in root["added_tokens_decoder"]?.object ?? [] {
            tokens.append(
                try AddedToken(member.node, id: Int(member.nameText), file: TokenizerConfig.file))
        }
        return tokens
    }

    /// The members of `added_tokens.json`, a name and an id each.
    static func list(
        addedTokens json: [UInt8], special: SpecialTokenNames
    ) throws(TokenizationError) -> [AddedToken] {
        let file = "added_tokens.json"
        let root = try JSONDocument.parse(json, file: file)
        var tokens: [AddedToken] = []
        for member in root.object ?? [] {
            guard let id = member.node.int, id >= 0, !member.name.isEmpty else {
                throw .unusable("\(file): \"\(member.nameText)\" has no id")
            }
            tokens.append(
                AddedToken(
                    added: member.name, id: id, isSpecial: special.all.contains(member.nameText)))
        }
        return tokens
    }

    private init(_ node: JSONNode, id: Int?, file: String) throws(TokenizationError) {
        guard let content = node["content"]?.utf8, !content.isEmpty, let id else {
            throw .unusable("\(file): an added token lacks its content or id")
        }
        self.id = id
        self.content = content
        isSpecial = node["special"]?.bool ?? false
        isSingleWord = node["single_word"]?.bool ?? false
        stripsLeft = node["lstrip"]?.bool ?? false
        stripsRight = node["rstrip"]?.bool ?? false
        isNormalized = node["normalized"]?.bool ?? true
    }
}
