// How a written folder is read in Python, by the libraries that others use: a section of its card.
//
// Invariant: run beside a classifier's card, the code leaves `probabilities` of its texts, those of
// our own engine in f32 (Tests/Golden/training/written.py runs it). It does not cut a long text as
// we do: the tokenizer of those libraries keeps only the beginning.

internal import Weights

struct PythonExample {
    let head: EncoderExperiment.HeadKind
    let pooling: ModelSettings.Pooling
    let hasAdapters: Bool

    var section: String {
        """
        ## In Python

        Texts that are longer than it reads lose their end here, and have other probabilities.

        ```python
        \(lines.joined(separator: "\n"))
        ```
        """
    }

    /// Of a folder without a head: nothing is cut, and hidden states are what it gives.
    static let encoderSection = """
        ## In Python

        ```python
        from transformers import AutoModel, AutoTokenizer

        folder = "."  # of this card
        tokenizer = AutoTokenizer.from_pretrained(folder)
        encoder = AutoModel.from_pretrained(folder)
        batch = tokenizer(["a film to see again"], truncation=True, return_tensors="pt")
        print(encoder.eval()(**batch).last_hidden_state.shape)
        ```
        """

    private var lines: [String] {
        imports + [
            "",
            "folder = pathlib.Path(\".\")  # of this card",
            "settings = json.loads((folder / \"textflix.json\").read_text())",
            "texts = [\"a film to see again\", \"two hours of nothing\"]",
        ] + (head == .pooler ? whole : encoder + pooled) + [
            "probabilities = (logits / settings[\"temperature\"]).softmax(-1)",
            "print(dict(zip(settings[\"labels\"], probabilities.T.tolist())))",
        ]
    }

    private var imports: [String] {
        let parts =
            head == .pooler
            ? "AutoModelForSequenceClassification, AutoTokenizer" : "AutoModel, AutoTokenizer"
        return ["import json, pathlib, torch"]
            + (hasAdapters ? ["from peft import PeftModel"] : [])
            + (head == .pooler ? [] : ["from safetensors.torch import load_file"])
            + ["from transformers import \(parts)"]
    }

    private func tokens(of place: String) -> [String] {
        [
            "tokenizer = AutoTokenizer.from_pretrained(\(place))",
            "batch = tokenizer(texts, truncation=True, max_length=settings[\"max_tokens\"],",
            "                  padding=True, return_tensors=\"pt\")",
        ]
    }

    private var whole: [String] {
        ["model = AutoModelForSequenceClassification.from_pretrained(folder).eval()"]
            + tokens(of: "folder") + ["logits = model(**batch).logits"]
    }

    private var encoder: [String] {
        ["base = folder / settings[\"base\"]", "encoder = AutoModel.from_pretrained(base)"]
            + (hasAdapters ? ["encoder = PeftModel.from_pretrained(encoder, folder)"] : [])
            + tokens(of: "base") + ["states = encoder.eval()(**batch).last_hidden_state"]
    }

    private var pooled: [String] {
        let pooling =
            pooling == .mean
            ? [
                "mask = batch[\"attention_mask\"][..., None]",
                "pooled = (states * mask).sum(1) / mask.sum(1)",
            ] : ["pooled = states[:, 0]"]
        return pooling + [
            "head = load_file(folder / settings[\"head\"])",
            "logits = pooled @ head[\"head.weight\"].T + head[\"head.bias\"]",
        ]
    }
}
