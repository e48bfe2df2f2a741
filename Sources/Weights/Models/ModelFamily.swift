// The two families that are served, and in what they differ: the block is the same.
//
//               BERT                              MPNet
//     input     word + position + token type      word + position
//     position  from 0                            from 2: rows 0 and 1 are padding's
//     score     q·k / √D                          q·k / √D + bias[bucket(i - j)][head]
//     head      pooler.dense, classifier          classifier.dense, classifier.out_proj
//
// and in the names of their tensors. Everything behind CheckpointTensors knows one set of names,
// the canonical ones: BERT's, without the prefix `bert.`, with `weight` and `bias` for layer norms
// (TensorFlow's checkpoints say `gamma` and `beta`).

package enum ModelFamily: String, Sendable, CaseIterable {
    /// Raw values are config.json's `model_type`.
    case bert
    case mpnet

    /// Rows of the position table before that of a text's first token.
    package var positionOffset: Int { self == .mpnet ? 2 : 0 }

    package var hasTokenTypes: Bool { self == .bert }

    package var hasRelativeBias: Bool { self == .mpnet }

    /// What the reference's class names begin with.
    package var className: String { self == .mpnet ? "MPNet" : "Bert" }

    /// Names begin with it where a head stands beside the encoder.
    var prefix: String { rawValue + "." }

    /// Tensors of pretraining's heads begin with it.
    var pretrainingPrefix: String { self == .mpnet ? "lm_head." : "cls." }

    /// MPNet's names and the canonical ones. Each is the whole module's, after `encoder.layer.N.`
    /// where there is a layer.
    private static let mpnetModules = [
        ("attention.attn.q", "attention.self.query"),
        ("attention.attn.k", "attention.self.key"),
        ("attention.attn.v", "attention.self.value"),
        ("attention.attn.o", "attention.output.dense"),
        ("attention.LayerNorm", "attention.output.LayerNorm"),
        ("classifier.dense", "pooler.dense"),
        ("classifier.out_proj", "classifier"),
    ]

    /// From the name in a file to the canonical one.
    package func canonicalName(_ name: String) -> String {
        var canonical = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        if canonical.hasSuffix(".gamma") { canonical = canonical.dropLast(5) + "weight" }
        if canonical.hasSuffix(".beta") { canonical = canonical.dropLast(4) + "bias" }
        guard self == .mpnet else { return canonical }
        return Self.replacing(Self.mpnetModules, in: canonical)
    }

    /// From a canonical name to the reference's.
    /// - Parameters:
    ///   - head: MPNet's names of the head depend on it.
    ///   - hasPrefix: whether the encoder's names begin with the family's.
    package func referenceName(
        _ canonical: String, head: BERTConfiguration.HeadKind, hasPrefix: Bool
    ) -> String {
        if self == .mpnet {
            let name = Self.replacing(Self.mpnetModules.map { ($1, $0) }, in: canonical)
            let isHead = name.hasPrefix("classifier")
            if isHead { return head == .sequence ? name : canonical }
            return hasPrefix ? prefix + name : name
        }
        return hasPrefix && !canonical.hasPrefix("classifier") ? prefix + canonical : canonical
    }

    private static func replacing(_ modules: [(String, String)], in name: String) -> String {
        let layer = "encoder.layer."
        let start =
            name.hasPrefix(layer)
            ? name.dropFirst(layer.count).firstIndex(of: ".").map(name.index(after:)) : nil
        let module = name[(start ?? name.startIndex)...]
        for (old, new) in modules where module.hasPrefix(old + ".") {
            return name[..<module.startIndex] + new + module.dropFirst(old.count)
        }
        return name
    }
}
