// Texts whose labels nobody may see: what further pretraining, self-training and distillation read.
//
// Invariant: a label cannot reach a training run through here. The type has no place for one, the
// reader is not told what the label's field is called, and whatever else a line holds is dropped
// with the line. A test changes every label of such a file and gets the same model, bit for bit.

internal import JSONText
internal import Randomness
package import Weights

package struct UnlabelledTexts: Sendable {
    package private(set) var ids: [String] = []
    package private(set) var texts: [[UInt8]] = []

    package var count: Int { texts.count }

    package init() {}

    package init(
        paths: [String], textField: String, idField: String
    ) throws(WeightsError) {
        for (file, path) in paths.enumerated() {
            try forEachRecord(path, columns: [textField]) { node, number throws(LineError) in
                guard let text = node[textField]?.utf8 else {
                    throw LineError(message: "no string \"\(textField)\"")
                }
                // As labelled texts have it where there is one file; not its path: that depends
                // on where the run was begun.
                let place = file == 0 ? String(number) : "\(file + 1):\(number)"
                ids.append(node[idField]?.scalarText ?? place)
                texts.append(text)
            }
        }
    }

    /// So many of them at most, drawn by a seed, in their order.
    func drawn(_ count: Int?, seed: UInt64) -> UnlabelledTexts {
        guard let count, count < self.count else { return self }
        var places = Array(0..<self.count)
        var random = RandomSource(seed: mixed(seed, 0xD4A3))
        random.shuffle(&places)
        return chosen(places.prefix(count).sorted())
    }

    /// The texts of those places, in that order.
    package func chosen(_ places: [Int]) -> UnlabelledTexts {
        var some = UnlabelledTexts()
        some.ids = places.map { ids[$0] }
        some.texts = places.map { texts[$0] }
        return some
    }
}
