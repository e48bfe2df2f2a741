// Writes a trained linear classifier as a model folder that LinearTextModel reads.
//
// Each file is written whole or not at all; config.json comes last, so that a folder with it is
// complete.

internal import Syscalls
package import Weights

package struct LinearModelWriter {
    package var labels: [String]
    package var recipe: NGramRecipe
    package var platt: PlattScaling
    package var bias: Double

    package init(labels: [String], recipe: NGramRecipe, platt: PlattScaling, bias: Double) {
        self.labels = labels
        self.recipe = recipe
        self.platt = platt
        self.bias = bias
    }

    /// - Parameters:
    ///   - names: of the n-grams, each once, not 0.
    ///   - weights: of each n-gram in a text, by the recipe's weighting.
    ///   - coefficients: of each n-gram in the classifier.
    package func write(
        _ folder: String, names: [UInt64], weights: [Float], coefficients: [Float]
    ) throws(WeightsError) {
        let slots = NGramTable.slots(names: names, weights: weights, coefficients: coefficients)
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
        let table = SafetensorsWriter.Tensor("table", .uint64, [slots.count / 2, 2])
        try SafetensorsWriter([table]).write(folder + "/model.safetensors") { _, buffer in
            slots.withUnsafeBytes { buffer.copyMemory(from: $0) }
        }
        let json = LinearConfiguration.json(
            labels: labels, recipe: recipe, platt: platt, bias: bias)
        let path = folder + "/config.json"
        try writing(path) { () throws(Errno) in try writeFileAtomically(path, bytes: json) }
    }
}
