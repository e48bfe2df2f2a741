// config.json of a trained folder: the base's, with what training changed.

internal import JSONText
internal import Syscalls
internal import Weights

struct ModelConfiguration {
    private let source: JSONSource
    private let family: ModelFamily

    init(_ base: ModelFolder) throws(WeightsError) {
        family = base.configuration.family
        source = try JSONSource(base.encoderPath + "/config.json")
    }

    /// Members that are replaced.
    private static let replaced = [
        "architectures", "id2label", "label2id", "num_labels", "problem_type", "torch_dtype",
        "dtype", "_name_or_path",
    ]

    /// - Parameter labels: of a classifier on top; nil: the encoder alone.
    func json(labels: [String]?) -> [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        let kind = labels == nil ? "Model" : "ForSequenceClassification"
        json.member("architectures", [family.className + kind])
        for member in source.root.object ?? [] where !Self.replaced.contains(member.nameText) {
            json.member(utf8: member.name, raw: source.bytes[member.node.span])
        }
        if let labels {
            json.key("id2label")
            json.beginObject()
            for (id, label) in labels.enumerated() { json.member(String(id), label) }
            json.endObject()
            json.key("label2id")
            json.beginObject()
            for (id, label) in labels.enumerated() { json.member(label, id) }
            json.endObject()
            json.member("problem_type", "single_label_classification")
        }
        json.endObject()
        return json.bytes
    }
}

/// Names of tensors in the file, where a classifier stands on the encoder and where none does.
struct FileNames {
    private let family: ModelFamily
    private let isClassifier: Bool

    init(_ configuration: BERTConfiguration, isClassifier: Bool) {
        family = configuration.family
        self.isClassifier = isClassifier
    }

    func isOfHead(_ canonical: String) -> Bool { canonical.hasPrefix("classifier.") }

    func name(_ canonical: String) -> String {
        family.referenceName(
            canonical, head: isClassifier ? .sequence : .none, hasPrefix: isClassifier)
    }
}

/// PEFT's description of low-rank adapters.
struct AdapterConfiguration {
    let base: String
    /// Full names of the products that have one.
    let modules: [String]
    let adapter: FitSettings.Adapter

    var json: [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("peft_type", "LORA")
        json.member("task_type", "FEATURE_EXTRACTION")
        json.member("base_model_name_or_path", base)
        json.member("r", adapter.rank)
        json.member("lora_alpha", adapter.alpha)
        json.member("lora_dropout", 0.0)
        json.member("target_modules", modules)
        json.member("bias", "none")
        json.member("fan_in_fan_out", false)
        json.member("inference_mode", true)
        json.endObject()
        return json.bytes
    }
}
