// Labels of tokens to spans of text, in the B-/I- scheme.
//
// A word takes the label of its first piece: later pieces are what such models were not trained on.
// `I-X` goes on where a span of X stands right before, otherwise it begins one; `B-X` always begins
// one; `O` ends one. A span never reaches over the cut that truncation made. Labels without a
// prefix are treated as `I-`. Special tokens are no words.

internal import TextflixProtocol
internal import Tokenization

struct Tagging {
    let model: ServedModel

    private struct Word {
        let label: Int
        let probability: Float
        let start: UInt32
        var end: UInt32
        let followsCut: Bool
    }

    /// - Parameter rows: the logits [C] of each token, [CLS] and [SEP] included.
    func spans(_ rows: [UnsafeBufferPointer<Float>], _ text: TokenisedText) -> [Tags.Span] {
        guard let places = text.places else { return [] }
        var spans: [Tags.Span] = []
        var probabilities: [Float] = []
        var open: (kind: Substring, start: UInt32, end: UInt32)?

        func close() {
            guard let span = open else { return }
            let bytes = places.text.utf8[Int(span.start)..<Int(span.end)]
            spans.append(
                Tags.Span(
                    start: span.start, end: span.end, text: Text(utf8: Array(bytes)),
                    label: String(span.kind),
                    probability: probabilities.reduce(0, +) / Float(probabilities.count)))
            (open, probabilities) = (nil, [])
        }

        for word in words(rows, text, places) {
            let label = model.labels[word.label]
            guard label != "O" else {
                close()
                continue
            }
            let begins = label.hasPrefix("B-")
            let kind = begins || label.hasPrefix("I-") ? label.dropFirst(2) : label[...]
            if let current = open, current.kind == kind, !begins, !word.followsCut {
                open!.end = word.end
            } else {
                close()
                open = (kind, word.start, word.end)
            }
            probabilities.append(word.probability)
        }
        close()
        return spans
    }

    private func words(
        _ rows: [UnsafeBufferPointer<Float>], _ text: TokenisedText, _ places: TokenPlaces
    ) -> [Word] {
        guard case .network(_, let tokenizer) = model.computation else { return [] }
        let prefix = tokenizer.settings.continuingPrefix
        var words: [Word] = []
        for token in rows.indices.dropFirst().dropLast() {  // without [CLS] and [SEP]
            let isCut = token == places.cut
            let piece = tokenizer.piece(text.ids[token])
            if !isCut, !words.isEmpty, !prefix.isEmpty, piece.starts(with: prefix) {
                words[words.count - 1].end = places.ends[token]
                continue
            }
            let chances = model.probabilities(rows[token])
            let best = chances.indices.max { chances[$0] < chances[$1] } ?? 0
            words.append(
                Word(
                    label: best, probability: chances[best], start: places.starts[token],
                    end: places.ends[token], followsCut: isCut))
        }
        return words
    }
}
