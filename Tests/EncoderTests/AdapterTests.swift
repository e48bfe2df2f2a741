// Adapters: the answers of PEFT's merged models, in every precision's way to the weights, and an
// error for each way in which an adapter does not fit.

import Encoder
import JSONText
import Syscalls
import TestSupport
import Testing
import Weights

/// A case of Tests/Golden/encoder/adapters.json.
struct AdapterCase: Sendable, CustomTestStringConvertible {
    let golden: GoldenCase
    let configuration: String
    let tensors: [SafetensorsWriter.Tensor]

    var testDescription: String { golden.name }

    static let all: [AdapterCase] = GoldenCase.nodes("adapters.json").map { node in
        AdapterCase(
            golden: GoldenCase(node), configuration: node["configuration"]?.string ?? "",
            tensors: (node["tensors"]?.object ?? []).map {
                SafetensorsWriter.Tensor(
                    $0.nameText, .float32, ($0.node.array ?? []).map { $0.int ?? 0 })
            })
    }

    /// The folders `base` and `adapted`, removed afterwards.
    func withFolders(
        textflix: String? = nil, _ body: (String) throws -> Void
    ) throws {
        let folder = try TemporaryFolder("adapter")
        let (base, adapted) = (folder("base"), folder("adapted"))
        try golden.model.write(to: base)
        try makeDirectories(adapted)
        try SafetensorsWriter(tensors).write(adapted + "/adapter_model.safetensors") {
            fill($1, tensors[$0].name)
        }
        try write(configuration, adapted + "/adapter_config.json")
        try write(textflix ?? settings, adapted + "/textflix.json")
        try body(adapted)
    }

    var settings: String {
        let labels = golden.model.configuration.labels.map { "\"\($0)\"" }
        return #"{"base": "../base", "adapter": "adapter_model.safetensors", "labels": ["#
            + labels.joined(separator: ", ") + "]}"
    }

    /// u(name, i) / 4, as the script has it.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ name: String) {
        let start = SyntheticModel.fnv1a(name)
        for index in 0..<bytes.count / 4 {
            let random = SyntheticModel.splitmix(start &+ UInt64(index)) >> 40
            let value = Float(Int(random) - 1 << 23) * 0x1p-23 * 0.25
            bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
        }
    }

    func write(_ text: String, _ path: String) throws {
        try writeFileAtomically(path, bytes: Array(text.utf8))
    }
}

@Suite struct Adapters {
    @Test(arguments: AdapterCase.all)
    func answerAsTheMergedModel(_ test: AdapterCase) throws {
        let engine = try EncoderEngine(maxBatchTokens: 1024)
        try test.withFolders { folder in
            let opened = try ModelFolder.open(folder)
            #expect(opened.adapter?.targets.isEmpty == false)
            let model = try BERTModel.load(folder: opened)
            let isClassifier = test.golden.logits != nil
            let rows = try engine.run(
                model, test.golden.texts,
                isClassifier ? .logits : .embedding(.mean, normalize: false))
            let wanted = test.golden.logits ?? test.golden.mean ?? []
            for (row, exact) in zip(rows.flatMap(\.self), wanted.flatMap(\.self)) {
                #expect(abs(Double(row) - exact) <= test.golden.tolerance(for: exact))
            }
        }
    }

    @Test func areMergedIntoPackedWeightsToo() throws {
        let test = AdapterCase.all[0]
        let engine = try EncoderEngine(maxBatchTokens: 1024)
        try test.withFolders { folder in
            let cache = PackCache(directory: folder + "/cache")
            let opened = try ModelFolder.open(folder)
            let inMemory = try BERTModel.load(folder: opened)
            let packed = try BERTModel.load(folder: opened, cache: cache)
            let wanted = try engine.run(inMemory, test.golden.texts, .logits)
            #expect(try engine.run(packed, test.golden.texts, .logits) == wanted)
            let base = try ModelFolder.open(folder + "/../base")
            #expect(base.revision != opened.revision)
        }
    }

    @Test func everyByteOfThemChangesTheRevision() throws {
        let test = AdapterCase.all[3]
        try test.withFolders { folder in
            let first = try ModelFolder.open(folder).revision
            try test.write(
                test.configuration.replacing("\"lora_alpha\": 8", with: "\"lora_alpha\": 9"),
                folder + "/adapter_config.json")
            let second = try ModelFolder.open(folder).revision
            let path = folder + "/adapter_model.safetensors"
            var bytes = try readFile(path, limit: 1 << 20)
            bytes[bytes.count - 2] ^= 1
            try writeFileAtomically(path, bytes: bytes)
            #expect(Set([first, second, try ModelFolder.open(folder).revision]).count == 3)
        }
    }

    @Test(arguments: [
        ("\"r\": 3", "\"r\": 2", "lora_A.weight has shape [3, 28], rank 2"),
        ("\"LORA\"", "\"IA3\"", "peft_type: \"IA3\""),
        ("\"bias\": \"none\"", "\"bias\": \"all\"", "bias: only \"none\""),
        ("\"use_dora\": false", "\"use_dora\": true", "use_dora"),
        ("\"rank_pattern\": {}", "\"rank_pattern\": {\"query\": 4}", "rank_pattern"),
        ("\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\"", "pissa"),
    ])
    func settingsThatWouldChangeTheAnswer(_ old: String, _ new: String, _ reason: String) throws {
        let test = AdapterCase.all[0]
        try test.withFolders { folder in
            let text = test.configuration.replacing(old, with: new)
            #expect(text != test.configuration)
            try test.write(text, folder + "/adapter_config.json")
            let error = #expect(throws: WeightsError.self) { try ModelFolder.open(folder) }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
    }

    @Test func twoHeadsAreOneTooMany() throws {
        let test = AdapterCase.all[0]
        let text = test.settings.replacing(
            "\"base\"", with: "\"head\": \"adapter_model.safetensors\", \"base\"")
        try test.withFolders(textflix: text) { folder in
            let error = #expect(throws: WeightsError.self) { try ModelFolder.open(folder) }
            #expect(error?.message.contains("two heads") == true)
        }
    }

    @Test func aClassifierWantsItsPooler() throws {
        let (bert, mpnet) = (AdapterCase.all[0], AdapterCase.all[2])
        let without = bert.tensors.filter { !$0.name.contains("pooler") }
        var golden = bert.golden
        golden.model.configuration.head = .none
        golden.model.configuration.architecture = "BertModel"
        let broken = AdapterCase(
            golden: golden, configuration: bert.configuration, tensors: without)
        let half = AdapterCase(
            golden: mpnet.golden, configuration: mpnet.configuration,
            tensors: mpnet.tensors.filter { !$0.name.contains("classifier.dense") })
        for test in [broken, half] {
            try test.withFolders { folder in
                let error = #expect(throws: WeightsError.self) { try ModelFolder.open(folder) }
                #expect(error?.message.contains("pooler.dense.weight") == true)
            }
        }
    }
}
