// A linear classifier over n-grams, as a model folder: NB-SVM, and averaged word vectors, whose
// classifier is one number a word too.
//
//     config.json          {"model_type": "textflix-ngrams", "labels": [negative, positive], ...,
//                           "platt_slope": a, "platt_offset": b, "bias": c}
//     model.safetensors    "table", see NGramTable
//     textflix.json        as for any model, optional
//
//     margin = bias + Σ weight · coefficient / norm       over the n-grams of the text
//     norm: 1 (binary), the length of the weights (idf), the number of tokens (mean)
//     logit of the positive label = a · margin + b, of the negative 0
//
// Invariant: all of its numbers are finite; scoring allocates nothing once its reader is warm, and
// depends on the text alone.

internal import JSONText
internal import Syscalls
package import Weights

internal import func Glibc.exp

package final class LinearTextModel: Sendable {
    package static let modelType = "textflix-ngrams"

    package let labels: [String]
    package let recipe: NGramRecipe
    package let settings: ModelSettings
    package let revision: Revision
    private let table: NGramTable
    private let bias: Double
    private let platt: PlattScaling

    package var mappedBytes: Int { table.byteCount }

    package struct Score: Sendable, Equatable {
        package let margin: Double
        /// Of the positive label, before any temperature; the negative label's is 0.
        package let logit: Double
        /// The n-grams of the text that the table has, and all of them.
        package let known: Int
        package let total: Int
    }

    /// Is this folder one of ours?
    package static func isFolder(_ path: String) -> Bool {
        guard let source = try? JSONSource(path + "/config.json") else { return false }
        return source.root["model_type"]?.string == modelType
    }

    package init(folder: String) throws(WeightsError) {
        let configuration = try LinearConfiguration(folder)
        labels = configuration.labels
        recipe = configuration.recipe
        bias = configuration.bias
        platt = configuration.platt
        let settingsPath = folder + "/textflix.json"
        let source =
            try ModelFolder.isThere(settingsPath)
            ? try JSONSource(settingsPath, dialect: .json5) : nil
        settings = try source.map(ModelSettings.init) ?? ModelSettings()
        let file = try SafetensorsFile(folder + "/model.safetensors")
        guard let tensor = file.tensors.first(where: { $0.name == "table" }),
            let table = NGramTable(tensor)
        else {
            throw WeightsError(
                .mismatch, file.path, "no tensor \"table\" of U64 [a power of two, 2] in it")
        }
        guard table.isFinite else {
            throw WeightsError(.notFinite, file.path, "a weight in its table is not a number")
        }
        self.table = table
        revision = Revision(pieces: [
            ContentHash.xxh64(file.mapping.bytes),
            configuration.bytes.withUnsafeBytes { ContentHash.xxh64($0) },
            (source?.bytes ?? []).withUnsafeBytes { ContentHash.xxh64($0) },
        ])
    }

    func entry(_ name: UInt64) -> NGramTable.Entry? { table.entry(name) }

    /// The logit is `slope` times the normed sum, plus `constant`.
    var slope: Double { platt.slope }
    var constant: Double { platt.slope * bias + platt.offset }

    /// Of the positive label, at the folder's temperature.
    package func probability(_ score: Score) -> Double {
        1 / (1 + exp(-score.logit / settings.temperature))
    }

    /// - Parameters:
    ///   - reader: made with this model's recipe; one a thread.
    ///   - names: scratch.
    package func score(
        _ text: UnsafeBufferPointer<UInt8>, _ reader: NGramReader, _ names: inout [UInt64]
    ) -> Score {
        names.removeAll(keepingCapacity: true)
        reader.read(text, into: &names)
        var sum = 0.0
        var squares = 0.0
        var known = 0
        for name in names {
            guard let entry = table.entry(name) else { continue }
            known += 1
            sum += Double(entry.weight) * Double(entry.coefficient)
            squares += Double(entry.weight) * Double(entry.weight)
        }
        let norm =
            switch recipe.weighting {
            case .binary: 1.0
            case .inverseFrequency: squares.squareRoot()
            case .mean: Double(known)
            }
        let margin = bias + (norm > 0 ? sum / norm : 0)
        return Score(
            margin: margin, logit: platt.slope * margin + platt.offset, known: known,
            total: names.count)
    }
}
