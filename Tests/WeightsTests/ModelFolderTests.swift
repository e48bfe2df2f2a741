// Model folders: what a valid one says, and a clear error for each thing that can be wrong.

import Syscalls
import Testing
import Weights

@Suite struct SoundFolders {
    @Test func whatItSays() throws {
        try withFolder { folder in
            try sound.write(to: folder)
            let model = try ModelFolder.open(folder)
            #expect(model.configuration == sound.configuration)
            #expect(model.head == .pooler)
            #expect(model.labels == ["negative", "positive"])
            #expect(model.scoreRule == .softmax)
            #expect(model.maxTokens == 16)
            #expect(model.pooling == .cls)
            #expect(model.tensors["encoder.layer.1.output.dense.weight"]?.shape == [12, 20])
            #expect(model.revision == (try ModelFolder.open(folder, threads: 1)).revision)
            #expect(throws: Never.self) { try model.checkVocabulary(count: 40) }
            let error = #expect(throws: WeightsError.self) { try model.checkVocabulary(count: 41) }
            #expect(error?.message.contains("41 words") == true)
        }
    }

    @Test func everyByteThatCanChangeAnAnswerChangesTheRevision() throws {
        try withFolder { folder in
            try sound.write(to: folder)
            var revisions = [try ModelFolder.open(folder).revision]
            var other = sound
            other.seed = 8
            try other.write(to: folder)
            revisions.append(try ModelFolder.open(folder).revision)
            try edit(folder + "/config.json", "1e-12", "1e-11")
            revisions.append(try ModelFolder.open(folder).revision)
            try write(#"{"temperature": 2}"#, folder + "/textflix.json")
            revisions.append(try ModelFolder.open(folder).revision)
            try edit(folder + "/vocab.txt", "!", "?!")
            revisions.append(try ModelFolder.open(folder).revision)
            #expect(Set(revisions).count == 5)
        }
    }

    @Test func aHeadOverABase() throws {
        try withFolder { folder in
            var base = sound
            base.configuration.head = .none
            base.configuration.architecture = "BertModel"
            base.hasPrefix = false
            try base.write(to: folder + "/base")
            try writeHead(folder + "/head", rows: 3, columns: 12)
            let model = try ModelFolder.open(folder + "/head")
            #expect(model.head == .linear(.mean, normalize: true))
            #expect(model.labels == ["a", "b", "c"])
            #expect(model.settings.truncation == .headAndTail)
            #expect(model.settings.temperature == 1.5)
            #expect(model.maxTokens == 9)
            #expect(model.encoderPath == folder + "/head/../base")
            #expect(model.headTensors?["head.weight"]?.shape == [3, 12])

            try writeHead(folder + "/head", rows: 2, columns: 12)
            expectError(
                folder + "/head", .mismatch, mentions: ["head.weight", "[2, 12]", "[3, 12]"])
            try edit(folder + "/head/textflix.json", "../base", "../nowhere")
            expectError(folder + "/head", .unreadable, mentions: ["../nowhere"])
        }
    }

    @Test(arguments: ["", #""base": ".","#])
    func aHeadOverItsOwnEncoder(_ base: String) throws {
        try withFolder { folder in
            try sound.write(to: folder)
            try writeHead(folder, rows: 3, columns: 12)
            try edit(folder + "/textflix.json", #""base": "../base","#, base)
            let model = try ModelFolder.open(folder)
            #expect(model.head == .linear(.mean, normalize: true))
            #expect(model.labels == ["a", "b", "c"])
            #expect(model.encoderPath == folder)
            #expect(model.headTensors?["head.bias"]?.shape == [3])
        }
    }

    @Test func anMPNet() throws {
        try withFolder { folder in
            var model = sound
            model.configuration = BERTConfiguration(
                .mpnet, head: .sequence, hidden: 12, heads: 3, feedForward: 20, layers: 2,
                positions: 18, vocabulary: 40)
            try model.write(to: folder)
            let names = try SafetensorsFile(folder + "/model.safetensors").tensors.map(\.name)
            #expect(names.contains("mpnet.encoder.layer.1.attention.attn.q.weight"))
            #expect(names.contains("mpnet.encoder.layer.0.attention.LayerNorm.bias"))
            #expect(names.contains("classifier.out_proj.weight"))
            let opened = try ModelFolder.open(folder)
            #expect(opened.configuration == model.configuration)
            #expect(opened.head == .pooler && opened.maxTokens == 16)
            #expect(opened.tensors["encoder.layer.1.attention.self.query.weight"] != nil)
            #expect(opened.tensors["encoder.relative_attention_bias.weight"]?.shape == [32, 3])
            try edit(folder + "/config.json", "_buckets\": 32", "_buckets\": 64")
            expectError(folder, .unsupported, mentions: ["relative_attention_num_buckets 64"])
        }
    }

    private func writeHead(_ folder: String, rows: Int, columns: Int) throws {
        try makeDirectories(folder)
        let tensors = [
            SafetensorsWriter.Tensor("head.weight", .float32, [rows, columns]),
            SafetensorsWriter.Tensor("head.bias", .float32, [rows]),
        ]
        try SafetensorsWriter(tensors).write(folder + "/head.safetensors") { _, bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
        try write(
            """
            { // a head
              "base": "../base", "head": "head.safetensors", "labels": ["a", "b", "c"],
              "pooling": "mean", "normalize": true, "temperature": 1.5,
              "truncation": "head_and_tail", "max_tokens": 9, "provenance": {"x": [1]},
            }
            """, folder + "/textflix.json")
    }

    private func writeSentenceFolder(_ pooling: String, _ folder: String) throws {
        var model = sound
        model.configuration.head = .none
        model.configuration.architecture = "BertModel"
        try model.write(to: folder)
        try makeDirectory(folder + "/1_Pooling")
        try write(pooling, folder + "/1_Pooling/config.json")
        try write(#"{"max_seq_length": 8}"#, folder + "/sentence_bert_config.json")
    }

    @Test func aSentenceTransformersFolder() throws {
        try withFolder { folder in
            try writeSentenceFolder(
                #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, folder)
            let opened = try ModelFolder.open(folder)
            #expect(opened.pooling == .cls)
            #expect(opened.maxTokens == 8)
            #expect(opened.head == .none)
            #expect(opened.labels.isEmpty)
            try edit(folder + "/1_Pooling/config.json", "false", "true")
            expectError(folder, .unsupported, mentions: ["1_Pooling", "mean"])
        }
    }

    @Test func aSentenceTransformersFolderOfAfterwards() throws {
        try withFolder { folder in
            try writeSentenceFolder(#"{"pooling_mode": "cls"}"#, folder)
            let opened = try ModelFolder.open(folder)
            #expect(opened.pooling == .cls && opened.maxTokens == 8)
            // Another pooling or length is another model; not where textflix.json overrules them.
            try edit(folder + "/1_Pooling/config.json", "cls", "mean")
            let second = try ModelFolder.open(folder).revision
            try edit(folder + "/sentence_bert_config.json", "8", "9")
            #expect(
                Set([opened.revision, second, try ModelFolder.open(folder).revision]).count == 3)
            try write(#"{"pooling": "cls", "max_tokens": 7}"#, folder + "/textflix.json")
            let overruled = try ModelFolder.open(folder).revision
            try edit(folder + "/sentence_bert_config.json", "9", "8")
            #expect(try ModelFolder.open(folder).revision == overruled)
            try edit(folder + "/1_Pooling/config.json", "mean", "lasttoken")
            expectError(folder, .configuration, mentions: ["pooling_mode"])
        }
    }

    @Test func aLayerAfterPoolingIsNotLeftOutInSilence() throws {
        try withFolder { folder in
            try writeSentenceFolder(#"{"pooling_mode": "cls"}"#, folder)
            func modules(_ types: String...) throws {
                let members = types.map { #"{"type": "sentence_transformers.models.\#($0)"}"# }
                try write("[" + members.joined(separator: ",") + "]", folder + "/modules.json")
            }
            try modules("Transformer", "Pooling", "Normalize")
            try ModelFolder.open(folder).checkModules()
            try modules("Transformer", "Pooling", "Dense", "Normalize")
            let opened = try ModelFolder.open(folder)
            let error = #expect(throws: WeightsError.self) { try opened.checkModules() }
            #expect(error?.kind == .unsupported)
            #expect(error?.description.contains("modules.json") == true)
            #expect(error?.description.contains("models.Dense") == true)
        }
    }

    @Test func aPackedFileIsTheFoldersHoweverItIsNamed() throws {
        try withFolder { folder in
            try sound.write(to: folder + "/model")
            let cache = PackCache(directory: folder + "/cache")
            try makeDirectory(folder + "/model/inner")
            let geometry = PackedGeometry(
                precision: .int8, layoutVersion: 1, panelColumns: 32, unitBytes: 4)
            let paths = try ["/model", "/model/inner/..", "/model/.", "//model/"].map {
                cache.packedPath(try ModelFolder.open(folder + $0), geometry)
            }
            #expect(Set(paths).count == 1 && paths[0].contains("/cache/model-"))
        }
    }

    @Test(arguments: [
        (#""problem_type": "multi_label_classification","#, 3, ModelFolder.ScoreRule.sigmoid),
        (#""problem_type": "single_label_classification","#, 3, .softmax),
        (#""problem_type": null,"#, 1, .sigmoid),
    ])
    func scoreRules(_ problem: String, _ count: Int, _ rule: ModelFolder.ScoreRule) throws {
        try withFolder { folder in
            var model = sound
            model.configuration.labels = (0..<count).map { "\($0)" }
            try model.write(to: folder)
            try edit(folder + "/config.json", "{\n  \"arch", "{\n  \(problem)\n  \"arch")
            #expect(try ModelFolder.open(folder).scoreRule == rule)
        }
    }
}
