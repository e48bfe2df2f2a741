// Vocabularies and tokenizer files: what is read from them, what is refused, and the messages.

import Testing

@testable import Tokenization

@Suite struct VocabularyTests {
    @Test func linesMayEndAsOnWindows() throws {
        let text = "\u{FEFF}[UNK]\r\n[CLS]\r\n[SEP]\r\nfilm\r\n"
        let model = try WordPiece(vocabularyText: Array(text.utf8))
        #expect(model.vocabularyCount == 4)
        #expect(model.piece(3) == Array("film".utf8))
        #expect(model.unknown == 0)
        #expect(model.padding == nil)
        let blank = try WordPiece(vocabularyText: Array((text + "\n\r\n").utf8))
        #expect(blank.vocabularyCount == 4)
    }

    @Test func specialTokensAreTheFamilysWhereNoFileNamesThem() throws {
        let words = Array("[UNK]\n[CLS]\n[SEP]\n<s>\n</s>\n<pad>\n<mask>\n[PAD]\n".utf8)
        for (type, config, first, padding): (String, String, UInt32, UInt32) in [
            ("bert", "", 1, 7), ("mpnet", "", 3, 5), ("mpnet", #"{"pad_token":"[PAD]"}"#, 3, 7),
        ] {
            let model = try WordPiece(
                tokenizerJSON: [], vocabulary: words, tokenizerConfig: Array(config.utf8),
                modelType: type)
            #expect(model.classification == first && model.padding == padding, "\(type) \(config)")
        }
    }

    /// By transformers 5.24 from the same files: BERT's own tokenizers follow the configuration,
    /// and a bare fast tokenizer its `tokenizer.json`.
    @Test(
        arguments: [
            (#"{}"#, [4, 2]), (#"{"do_lower_case":false}"#, [0, 2]),
            (#"{"strip_accents":false}"#, [3, 2]), (#"{"strip_accents":null}"#, [4, 2]),
            (#"{"tokenize_chinese_chars":false}"#, [4, 0]),
            (#"{"do_lower_case":false,"tokenizer_class":"BertTokenizer"}"#, [0, 2]),
            (#"{"do_lower_case":false,"tokenizer_class":"PreTrainedTokenizerFast"}"#, [4, 2]),
        ] as [(String, [UInt32])])
    func theConfigurationHasTheLastWord(_ config: String, _ ids: [UInt32]) throws {
        let json = """
            {\(Self.split),"normalizer":{"type":"BertNormalizer","clean_text":true,
            "handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
            "model":{"type":"WordPiece","unk_token":"[UNK]","vocab":
            {"[UNK]":0,"[CLS]":1,"漢":2,"é":3,"e":4,"[SEP]":5}},
            "post_processor":{"type":"BertProcessing","sep":["[SEP]",5],"cls":["[CLS]",1]}}
            """
        let model = try WordPiece(
            tokenizerJSON: Array(json.utf8), vocabulary: [], tokenizerConfig: Array(config.utf8),
            modelType: "bert")
        var buffer = TokenBuffer()
        let word = ids[1] == 0 ? "漢字" : "漢"
        _ = try model.tokenize(
            Array("É \(word)".utf8), specialTokens: false, into: &buffer)
        #expect(buffer.ids == ids, "\(config)")
    }

    /// By transformers 5.24 from the same files.
    @Test func tokensThatWereAddedToAVocabulary() throws {
        let config = """
            {"do_lower_case":true,"added_tokens_decoder":{
            "0":{"content":"[UNK]","special":true,"normalized":false},
            "6":{"content":"FilmX","special":false,"normalized":true},
            "5":{"content":"[NAME]","special":false,"normalized":false},
            "4":{"content":"film","special":false,"normalized":true}}}
            """
        let model = try WordPiece(
            tokenizerJSON: [],
            vocabulary: Array("[UNK]\n[CLS]\n[SEP]\nx\nfilm\n##x\n".utf8.dropLast(5)),
            tokenizerConfig: Array(config.utf8), modelType: "bert")
        #expect(model.vocabularyCount == 7)
        var buffer = TokenBuffer()
        _ = try model.tokenize(Array("[NAME] filmx Film [UNK] x".utf8), into: &buffer)
        #expect(buffer.ids == [1, 5, 6, 4, 0, 0, 0, 3, 2])
        expectUnusable("has id 9, but the next that is free is 1") { () throws(TokenizationError) in
            try WordPiece(
                tokenizerJSON: [], vocabulary: Array("[UNK]\n".utf8),
                tokenizerConfig: Array(#"{"added_tokens_decoder":{"9":{"content":"a"}}}"#.utf8),
                modelType: "bert")
        }
    }

    /// By tokenizers 0.23.3: what a model's maker called special is found; [SEP] is so there too.
    @Test func onlyTheModelsOwnSpecialTokensAreText() throws {
        let json = """
            {\(Self.split),\(Self.model),"added_tokens":[
            {"id":2,"content":"[SEP]","special":true,"normalized":false},
            {"id":3,"content":"[E1]","special":true,"normalized":false}]}
            """
        let model = try WordPiece(tokenizerJSON: Array(json.utf8))
        var buffer = TokenBuffer()
        _ = try model.tokenize(Array("[E1][SEP]".utf8), into: &buffer)
        #expect(buffer.ids == [1, 3, 0, 0, 0, 2])
    }

    @Test func tokensOfAddedTokensJSON() throws {
        func ids(_ added: String, _ config: String) throws -> [UInt32] {
            let model = try WordPiece(
                tokenizerJSON: [], vocabulary: Array("[UNK]\n[CLS]\n[SEP]\nx\n\n\ny\n".utf8),
                tokenizerConfig: Array(config.utf8), addedTokens: Array(added.utf8),
                modelType: "bert")
            var buffer = TokenBuffer()
            _ = try model.tokenize(Array("x zQ y [NAME]".utf8), into: &buffer)
            return buffer.ids
        }
        let added = #"{"[NAME]":8,"zq":7,"[SEP]":2}"#
        #expect(try ids(added, "") == [1, 3, 7, 6, 8, 2])
        #expect(try ids("", "") == [1, 3, 0, 6, 0, 0, 0, 2])
        // What the other file lists, it lists whole.
        let decoder = #"{"added_tokens_decoder":{"7":{"content":"zq"}}}"#
        #expect(try ids(added, decoder) == [1, 3, 7, 6, 0, 0, 0, 2])
        for (wrong, words) in [("[", "added_tokens.json: line 1"), (#"{"a":"b"}"#, "has no id")] {
            let error = #expect(throws: TokenizationError.self) { try ids(wrong, "") }
            #expect(error?.description.contains(words) == true)
        }
    }

    /// Each byte of a text may begin a look-up as long as the longest of them.
    @Test func tokensAndPiecesHaveALongestLength() throws {
        func vocabulary(_ length: Int) -> [UInt8] {
            Array("[UNK]\n[CLS]\n[SEP]\n\(String(repeating: "a", count: length))\n".utf8)
        }
        func added(_ length: Int) -> [UInt8] {
            Array(#"{"\#(String(repeating: "-", count: length - 1))x":4}"#.utf8)
        }
        let model = try WordPiece(
            tokenizerJSON: [], vocabulary: vocabulary(512), tokenizerConfig: [],
            addedTokens: added(512), modelType: "bert")
        #expect(model.vocabularyCount == 5)
        expectUnusable("piece 3 of the vocabulary has 513 bytes, over the limit of 512") {
            () throws(TokenizationError) in
            try WordPiece(vocabularyText: vocabulary(513))
        }
        expectUnusable("---...\" has 513 bytes, over the limit of 512") {
            () throws(TokenizationError) in
            try WordPiece(
                tokenizerJSON: [], vocabulary: vocabulary(1), tokenizerConfig: [],
                addedTokens: added(513), modelType: "bert")
        }
        // As it is looked for: three bytes in the file, and a space at either side of them.
        let wide = Array(String(repeating: "映", count: 110).utf8)
        expectUnusable("bytes, over the limit of 512") { () throws(TokenizationError) in
            try WordPiece(
                vocabularyText: vocabulary(1), settings: TokenizerSettings(),
                addedTokens: [AddedToken(added: wide, id: 4, isSpecial: false)])
        }
    }

    /// Each is looked up, not searched for among all.
    @Test func aVocabularyOfAddedTokens() throws {
        let names = (3..<40_000).map { "t\($0)" }
        let words = ["[UNK]", "[CLS]", "[SEP]"] + names
        let listed = names.enumerated().map { #""\#($0 + 3)":{"content":"\#($1)"}"# }
        let config = Array(#"{"added_tokens_decoder":{\#(listed.joined(separator: ","))}}"#.utf8)
        let pieces = words.enumerated().map { #""\#($1)":\#($0)"# }.joined(separator: ",")
        let json = #"{\#(Self.split),"model":{"type":"WordPiece","vocab":{\#(pieces)}}}"#
        let models = [
            try WordPiece(
                tokenizerJSON: [], vocabulary: Array(words.joined(separator: "\n").utf8),
                tokenizerConfig: config, modelType: "bert"),
            try WordPiece(
                tokenizerJSON: [], vocabulary: Array("[UNK]\n[CLS]\n[SEP]\n".utf8),
                tokenizerConfig: config, modelType: "bert"),
            try WordPiece(tokenizerJSON: Array(json.utf8), tokenizerConfig: config),
        ]
        for model in models {
            #expect(model.vocabularyCount == 40_000)
            #expect(model.piece(39_999) == Array("t39999".utf8))
        }
    }

    /// Of all kinds of JSON that a tokenizer is made from: a value takes tens of bytes of memory.
    @Test func moreValuesThanAnyTokenizerHasAreRefused() {
        let values = Array("[0\(String(repeating: ",0", count: 1 << 21))]".utf8)
        let files =
            [
                ("tokenizer.json", values, [], []), ("tokenizer_config.json", [], values, []),
                ("added_tokens.json", [], [], values),
            ] as [(String, [UInt8], [UInt8], [UInt8])]
        for (file, json, config, added) in files {
            expectUnusable("\(file): line 1, column 4194304: more than 2097152 values") {
                () throws(TokenizationError) in
                try WordPiece(
                    tokenizerJSON: json, vocabulary: Array("[UNK]".utf8), tokenizerConfig: config,
                    addedTokens: added, modelType: "bert")
            }
        }
    }

    /// As tokenizers wrote them before 0.9; 0.23.3 reads it so.
    @Test func aModelWithoutItsTypeIsKnownByItsParts() throws {
        let parts = """
            "unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
            "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"x":3}
            """
        let model = try WordPiece(
            tokenizerJSON: Array(#"{\#(Self.split),"model":{\#(parts)}}"#.utf8))
        #expect(model.vocabularyCount == 4)
        expectUnusable("model is none") { () throws(TokenizationError) in
            try WordPiece(
                tokenizerJSON: Array(#"{\#(Self.split),"model":{\#(parts),"merges":[]}}"#.utf8))
        }
    }

    @Test(arguments: [
        (#"{"tokenizer_class":"PreTrainedTokenizerFast"}"#, "no post_processor"),
        (#"{"added_tokens_decoder":{"3":{"content":"zq"}}}"#, "adds \"zq\" as 3"),
        (#"{"added_tokens_decoder":{"1":{"content":"[SEP]"}}}"#, "adds \"[SEP]\" as 1"),
    ])
    func whatTheConfigurationSaysOtherwise(_ config: String, _ reason: String) {
        expectUnusable(reason) { () throws(TokenizationError) in
            try WordPiece(
                tokenizerJSON: Array("{\(Self.split),\(Self.model)}".utf8),
                tokenizerConfig: Array(config.utf8))
        }
    }

    @Test(arguments: [
        ("[UNK]\n[CLS]\nfilm\n", "has no special token \"[SEP]\""),
        ("[UNK]\n[CLS]\n[SEP]\nfilm\nfilm\n", "\"film\" twice, as 3 and 4"),
        ("", "has no special token \"[UNK]\""),
    ])
    func aVocabularyThatCannotBeUsed(_ text: String, _ reason: String) {
        expectUnusable(reason) { () throws(TokenizationError) in
            try WordPiece(vocabularyText: Array(text.utf8))
        }
    }

    @Test func invalidBytesInAVocabulary() {
        expectUnusable("not valid UTF-8 at byte 6") { () throws(TokenizationError) in
            try WordPiece(vocabularyText: Array("[UNK]\n".utf8) + [0xFF])
        }
    }

    private static let model = """
        "model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2}}
        """
    private static let split = #""pre_tokenizer":{"type":"BertPreTokenizer"}"#

    @Test(arguments: [
        ("{", "tokenizer.json: line 1"),
        ("{\(model)}", "pre_tokenizer is none, but only BertPreTokenizer is known"),
        (#"{\#(split)}"#, "no model"),
        (#"{\#(split),"model":{"type":"BPE"}}"#, "model is BPE, but only WordPiece is known"),
        (#"{\#(split),"model":{"type":"WordPiece"}}"#, "no vocab"),
        (#"{\#(split),"model":{"type":"WordPiece","vocab":{"a":0,"b":2}}}"#, "has id 1"),
        (#"{\#(split),"model":{"type":"WordPiece","vocab":{"a":0,"b":0}}}"#, "have id 0"),
        (#"{\#(split),"model":{"type":"WordPiece","vocab":{"a":-1}}}"#, "\"a\" has no id"),
        (#"{\#(split),\#(model),"normalizer":{"type":"NFC"}}"#, "normalizer is NFC"),
        (#"{\#(split),\#(model),"post_processor":{"type":"ByteLevel"}}"#, "is ByteLevel"),
        (
            #"{\#(split),\#(model),"post_processor":{"type":"TemplateProcessing","single":[]}}"#,
            "template"
        ),
        (
            #"""
            {\#(split),\#(model),"post_processor":{"type":"TemplateProcessing","single":[
            {"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":1}},
            {"SpecialToken":{"id":"[SEP]","type_id":0}}]}}
            """#, "type_id"
        ),
        (#"{\#(split),\#(model),"added_tokens":[{"id":7,"content":"[SEP]"}]}"#, "has ids 2 and 7"),
        (#"{\#(split),\#(model),"added_tokens":[{"id":7,"content":"x"}]}"#, "has id 3"),
        (#"{\#(split),\#(model),"added_tokens":[{"id":7}]}"#, "lacks its content"),
    ])
    func aTokenizerFileThatCannotBeUsed(_ json: String, _ reason: String) {
        expectUnusable(reason) { () throws(TokenizationError) in
            try WordPiece(tokenizerJSON: Array(json.utf8))
        }
    }

    @Test func thePostProcessorNamesTheEnds() throws {
        let json = """
            {\(Self.split),"normalizer":null,"model":{"type":"WordPiece","unk_token":"<u>",
            "continuing_subword_prefix":"@@","max_input_chars_per_word":3,
            "vocab":{"<s>":0,"</s>":1,"<u>":2,"ab":3,"@@c":4,"AB":5}},
            "post_processor":{"type":"RobertaProcessing","sep":["</s>",1],"cls":["<s>",0]},
            "truncation":{"max_length":1},"padding":{"strategy":{"Fixed":9}}}
            """
        let model = try WordPiece(tokenizerJSON: Array(json.utf8))
        var buffer = TokenBuffer()
        _ = try model.tokenize(Array("abc AB abcc".utf8), into: &buffer)
        #expect(buffer.ids == [0, 3, 4, 5, 2, 1])
    }

    @Test func tokenizerConfig() throws {
        let json = """
            {"do_lower_case":false,"tokenize_chinese_chars":false,"strip_accents":true,
            "unk_token":{"content":"<u>"},"cls_token":"<s>","sep_token":null,"never_split":null}
            """
        let settings = try TokenizerSettings(tokenizerConfig: Array(json.utf8))
        #expect(!settings.lowercase && !settings.handleChineseCharacters && settings.cleanText)
        #expect(settings.stripAccents == true)
        #expect(settings.names.unknown == "<u>" && settings.names.classification == "<s>")
        #expect(settings.names.separator == "[SEP]")
        let defaults = try TokenizerSettings(tokenizerConfig: Array("{}".utf8))
        #expect(defaults == TokenizerSettings())
        expectUnusable("tokenizer_config.json is an array") { () throws(TokenizationError) in
            try TokenizerSettings(tokenizerConfig: Array("[]".utf8))
        }
        expectUnusable("do_basic_tokenize") { () throws(TokenizationError) in
            try TokenizerSettings(tokenizerConfig: Array(#"{"do_basic_tokenize":false}"#.utf8))
        }
        expectUnusable("word_tokenizer_type \"mecab\"") { () throws(TokenizationError) in
            try TokenizerSettings(
                tokenizerConfig: Array(#"{"word_tokenizer_type":"mecab"}"#.utf8))
        }
    }

    private func expectUnusable<Made>(
        _ reason: String, _ make: () throws(TokenizationError) -> Made
    ) {
        do {
            _ = try make()
            Issue.record("accepted, though: \(reason)")
        } catch {
            #expect(error.description.contains(reason), "\(error)")
            guard case .unusable = error else {
                Issue.record("not .unusable: \(error)")
                return
            }
        }
    }
}
