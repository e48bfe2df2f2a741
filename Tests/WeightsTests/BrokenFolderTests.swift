// One test for each way in which a folder is broken: an error of the right kind, that names the
// file and what to look for, and never a crash.

import Syscalls
import Testing
import Weights

@Suite struct BrokenFolders {
    private func broken(
        _ kind: WeightsError.Kind, _ words: [String],
        sourceLocation: SourceLocation = #_sourceLocation, _ damage: (String) throws -> Void
    ) throws {
        try withFolder { folder in
            try sound.write(to: folder)
            try damage(folder)
            expectError(folder, kind, mentions: words, sourceLocation: sourceLocation)
        }
    }

    @Test func missingFiles() throws {
        expectError("/nowhere/at/all", .unreadable, mentions: ["no such folder"])
        try broken(.unreadable, ["config.json"]) { try removeFile($0 + "/config.json") }
        try broken(.unreadable, ["model.safetensors"]) { try removeFile($0 + "/model.safetensors") }
        try broken(.unreadable, ["vocab.txt", "tokenizer.json"]) {
            try removeFile($0 + "/vocab.txt")
        }
    }

    @Test func numbersAreNoLabels() throws {
        let problem = #""problem_type": "regression","#
        try broken(.unsupported, ["config.json", "regression", "multi_label"]) {
            try edit($0 + "/config.json", "{\n  \"arch", "{\n  \(problem)\n  \"arch")
        }
    }

    @Test func labelsHaveNamesOfTheirOwn() throws {
        try broken(.configuration, ["config.json", "a name of its own"]) {
            try edit($0 + "/config.json", "\"1\": \"positive\"", "\"1\": \"negative\"")
        }
    }

    @Test func picklesAreRefusedWithTheWayOut() throws {
        try broken(.unsupported, ["pytorch_model.bin", "pickle", "save_pretrained"]) {
            try renameFile($0 + "/model.safetensors", to: $0 + "/pytorch_model.bin")
        }
    }

    @Test func truncatedWeights() throws {
        try broken(.malformed, ["model.safetensors", "truncated", "the last tensor is"]) {
            let path = $0 + "/model.safetensors"
            try writeFileAtomically(
                path, bytes: Array(try readFile(path, limit: 1 << 20).dropLast(9)))
        }
        try broken(.malformed, ["truncated: a header of"]) {
            let path = $0 + "/model.safetensors"
            try writeFileAtomically(
                path, bytes: Array(try readFile(path, limit: 1 << 20).prefix(99)))
        }
        try broken(.malformed, ["git lfs pull"]) {
            try writeFileAtomically(
                $0 + "/model.safetensors",
                bytes: Array("version https://git-lfs.github.com/spec/v1\n".utf8))
        }
        try broken(.malformed, ["0 bytes"]) {
            try writeFileAtomically($0 + "/model.safetensors", bytes: [])
        }
    }

    @Test(arguments: [
        ("hidden_size", "\"hidden_size\": 12", "\"hidden_size\": 24", "[40, 12]", "[40, 24]"),
        ("vocab_size", "\"vocab_size\": 40", "\"vocab_size\": 41", "[40, 12]", "[41, 12]"),
        (
            "positions", "\"max_position_embeddings\": 16", "\"max_position_embeddings\": 512",
            "[16, 12]", "[512, 12]"
        ),
        (
            "feed-forward", "\"intermediate_size\": 20", "\"intermediate_size\": 21", "[20, 12]",
            "[21, 12]"
        ),
        (
            "missing layer", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
            "encoder.layer.2.", "is missing"
        ),
        (
            "one layer too many", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1",
            "encoder.layer.1.", "and 15 more has no place"
        ),
        (
            "no head", "BertForSequenceClassification", "BertModel", "classifier.bias",
            "has no place"
        ),
    ])
    func shapes(_ name: String, _ old: String, _ new: String, _ one: String, _ two: String) throws {
        try broken(.mismatch, [one, two]) { try edit($0 + "/config.json", old, new) }
    }

    @Test func aNumberOfLabelsThatIsNotTheClassifiers() throws {
        try broken(.mismatch, ["classifier.weight", "[2, 12]", "[3, 12]"]) {
            try edit($0 + "/config.json", "\"1\": \"positive\"", "\"1\": \"b\", \"2\": \"c\"")
        }
    }

    @Test(arguments: [
        (ElementType.float32, [0, 0, 0xC0, 0x7F] as [UInt8]),
        (.float32, [0, 0, 0x80, 0xFF]), (.float16, [0x00, 0x7C]), (.float16, [0x01, 0xFE]),
        (.bfloat16, [0x80, 0xFF]), (.bfloat16, [0xC0, 0x7F]),
    ])
    func weightsThatAreNotFinite(_ type: ElementType, _ bad: [UInt8]) throws {
        try withFolder { folder in
            var model = sound
            model.type = type
            try model.write(to: folder)
            let path = folder + "/model.safetensors"
            let file = try SafetensorsFile(path)
            let entry = try #require(
                file.header.entries.first { $0.name.contains("layer.1.output") })
            var bytes = try readFile(path, limit: 1 << 20)
            let place = entry.range.lowerBound + 5 * type.byteCount
            bytes.replaceSubrange(place..<place + bad.count, with: bad)
            try writeFileAtomically(path, bytes: bytes)
            expectError(folder, .notFinite, mentions: [entry.name, "element 5"])
        }
    }

    @Test(arguments: [
        ("\"hidden_size\": 12", "\"hidden_size\": \"12\"", "hidden_size must be a whole number"),
        ("\"hidden_size\": 12", "\"hidden_size\": 1e30", "hidden_size must be a whole number"),
        ("\"hidden_size\": 12", "\"hidden_size\": 0", "hidden_size must be a whole number"),
        (
            "\"hidden_size\": 12", "\"hidden_size\": 65537",
            "hidden_size must be a whole number from 1 to 65536"
        ),
        (
            "\"intermediate_size\": 20", "\"intermediate_size\": 65537",
            "intermediate_size must be a whole number from 1 to 65536"
        ),
        ("\"hidden_size\": 12", "\"hidden_size\": null", "hidden_size is missing"),
        (
            "\"num_attention_heads\": 3", "\"num_attention_heads\": 5",
            "num_attention_heads 5 does not divide hidden_size 12"
        ),
        ("\"gelu\"", "\"silu\"", "hidden_act must be one of \"gelu\""),
        ("\"bert\"", "\"roberta\"", "model_type \"roberta\""),
        ("BertForSequenceClassification", "BertForQuestionAnswering", "architecture BertFor"),
        ("\"1\": \"positive\"", "\"2\": \"positive\"", "id2label must map"),
        ("\"1\": \"positive\"", "\"1\": 5", "id2label must map"),
        ("\"vocab_size\": 40", "\"vocab_size\": 40, \"is_decoder\": true", "is_decoder"),
        (
            "\"vocab_size\": 40",
            "\"vocab_size\": 40, \"position_embedding_type\": \"relative_key\"", "relative_key"
        ),
        ("\"vocab_size\": 40", "\"vocab_size\": 40, \"vocab_size\": 40", "stands twice"),
        ("\"vocab_size\": 40", "\"vocab_size\": 40,,", "expected a key"),
    ])
    func configurations(_ old: String, _ new: String, _ reason: String) throws {
        try withFolder { folder in
            try sound.write(to: folder)
            try edit(folder + "/config.json", old, new)
            let error = #expect(throws: WeightsError.self) { try ModelFolder.open(folder) }
            #expect(error?.kind == .configuration || error?.kind == .unsupported)
            #expect(
                error?.message.contains(reason) == true,
                "\(error.map(String.init(describing:)) ?? "")")
        }
    }

    @Test(arguments: [
        (#"{"labels": ["a"]}"#, "line 1, column 12: 1 labels, but the classifier has 2"),
        (#"{"labels": ["a", "a"]}"#, "each different"),
        (#"{"labels": "a"}"#, "labels must be a list of strings"),
        ("{\n  \"temprature\": 1\n}", "line 2, column 3: unknown key \"temprature\""),
        (#"{"temperature": 0}"#, "temperature must be a number from"),
        (#"{"abstain_below": 1.5}"#, "abstain_below must be a number from 0.0 to 1.0"),
        (#"{"truncation": "tail"}"#, "truncation must be one of \"head\", \"head_and_tail\""),
        (#"{"max_tokens": 17}"#, "max_tokens 17 is more than the model's 16 positions"),
        (#"{"max_tokens": 2}"#, "max_tokens must be a whole number from 3"),
        (#"{"base": "../x"}"#, "a base wants a head or an adapter"),
        (#"{"adapter": "a.safetensors"}"#, "an adapter wants a base"),
        (#"{"base": "../x", "head": ""}"#, "head is empty"),
        (#"{"pooling": "max"}"#, "pooling must be one of \"cls\", \"mean\""),
        (#"{"normalize": 1}"#, "normalize must be true or false"),
        (#"[]"#, "expected an object, found an array"),
        (#"{"labels": ["a", "b"]"#, "line 1, column 22"),
    ])
    func settings(_ text: String, _ reason: String) throws {
        try broken(.configuration, ["textflix.json", reason]) {
            try write(text, $0 + "/textflix.json")
        }
    }

    @Test func theSameTensorUnderTwoNames() throws {
        try broken(.mismatch, ["the same tensor twice"]) { folder in
            let shapes = sound.configuration.tensorShapes.filter { !$0.isOptional }
            var tensors = shapes.map {
                SafetensorsWriter.Tensor(sound.fileName($0.name), .float32, $0.shape)
            }
            tensors.append(SafetensorsWriter.Tensor("pooler.dense.bias", .float32, [12]))
            try SafetensorsWriter(tensors).write(folder + "/model.safetensors") { _, bytes in
                bytes.initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
    }

    /// Not even as a head, which may lie anywhere. What a fifo does stands in the end-to-end tests.
    @Test func onlyRegularFilesAreRead() throws {
        try broken(.unreadable, ["/dev/null", "not a regular file"]) {
            try write(#"{"head": "/dev/null", "labels": ["a", "b"]}"#, $0 + "/textflix.json")
        }
        try broken(.unreadable, ["config.json", "Is a directory"]) {
            try removeFile($0 + "/config.json")
            try makeDirectory($0 + "/config.json")
        }
    }

    /// A head may be anybody's file, and everybody may read the error.
    @Test func whatAForeignFileBeginsWithIsNotTold() throws {
        try withFolder { folder in
            try sound.write(to: folder)
            let secret = "secret: of somebody else's\n"
            try write(secret, folder + "/head")
            try write(#"{"head": "head", "labels": ["a", "b"]}"#, folder + "/textflix.json")
            let error = #expect(throws: WeightsError.self) { try ModelFolder.open(folder) }
            let number = Array(secret.utf8.prefix(8)).withUnsafeBytes {
                UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
            }
            #expect(error?.message.contains("first 8 bytes") == true)
            #expect(error?.message.contains("\(number)") == false)
        }
    }

    @Test func shardsAndTheirIndex() throws {
        func sharded(_ words: [String], _ damage: (String) throws -> Void) throws {
            try withFolder { folder in
                var model = sound
                model.shards = 3
                try model.write(to: folder)
                _ = try ModelFolder.open(folder)
                try damage(folder)
                let error = #expect(throws: WeightsError.self) { try ModelFolder.open(folder) }
                for word in words {
                    #expect(error?.description.contains(word) == true, "\(error?.message ?? "")")
                }
            }
        }
        let index = "/model.safetensors.index.json"
        try sharded(["model-00002-of-00003", "No such file"]) {
            try removeFile($0 + "/model-00002-of-00003.safetensors")
        }
        try sharded(["plain name"]) {
            try edit($0 + index, "model-00001", "../model-00001")
        }
        try sharded(["which the index does not name"]) {
            try edit($0 + index, "\"classifier.bias\"", "\"classifier.xxxx\"")
        }
        try sharded(["weight_map"]) { try write("{}", $0 + index) }
        try sharded(["more than 1048576 values"]) {
            let values = String(repeating: "0,", count: 1 << 20)
            try write(#"{"weight_map": [\#(values)0]}"#, $0 + index)
        }
    }
}
