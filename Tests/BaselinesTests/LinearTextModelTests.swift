// A linear model from training to its folder and back: the served score is the trained margin.

import Baselines
import Syscalls
import Testing
import Weights

private func score(_ model: LinearTextModel, _ text: String) -> LinearTextModel.Score {
    let reader = NGramReader(recipe: model.recipe)
    var names: [UInt64] = []
    return Array(text.utf8).withUnsafeBufferPointer { model.score($0, reader, &names) }
}

@Suite final class LinearTextModelTests {
    let folder: String
    let texts = ["a good film", "a bad film", "good good fun", "dull and bad"]

    init() throws { folder = try makeTemporaryDirectory(prefix: "/tmp/textflix-linear-") }

    deinit {
        for name in (try? listDirectory(folder)) ?? [] { try? removeFile(folder + "/" + name) }
        try? removeDirectory(folder)
    }

    @Test(arguments: [NGramRecipe.better, .report])
    func servesWhatWasTrained(_ recipe: NGramRecipe) throws {
        let corpus = NGramCorpus(recipe: recipe, texts: texts.map { Array($0.utf8) })
        let machine = NaiveBayesSVM(
            solver: DualCoordinateDescent(loss: .logistic, cost: 3), interpolation: 0.5)
        let positive = [true, false, true, false]
        let fit = machine.fit(corpus, positive: positive, texts: [0, 1, 2, 3])
        try LinearModelWriter(
            labels: ["no", "yes"], recipe: recipe, platt: PlattScaling(slope: 2, offset: 0.25),
            bias: Double(fit.bias)
        ).write(
            folder, names: corpus.names, weights: fit.frequencies, coefficients: fit.coefficients)
        let model = try LinearTextModel(folder: folder)
        #expect(LinearTextModel.isFolder(folder) && model.labels == ["no", "yes"])
        let margins = NaiveBayesSVM.margins(fit, corpus, texts: [0, 1, 2, 3])
        for (text, margin) in zip(texts, margins) {
            let found = score(model, text)
            #expect(abs(found.margin - margin) < 1e-6)
            #expect(found.logit == 2 * found.margin + 0.25)
        }
        #expect(score(model, "").margin == Double(fit.bias))
        #expect(score(model, "unknown words").known == 0)
    }

    /// The logit is a sum, and each feature has its part of it.
    @Test(arguments: [NGramRecipe.better, .report, AveragedVectors.recipe])
    func contributionsAddUpToTheLogit(_ recipe: NGramRecipe) throws {
        let corpus = NGramCorpus(recipe: recipe, texts: texts.map { Array($0.utf8) })
        let weights = corpus.names.indices.map { Float($0 % 3) + 0.5 }
        let coefficients = corpus.names.indices.map { Float($0 % 5) - 1.8 }
        try LinearModelWriter(
            labels: ["no", "yes"], recipe: recipe, platt: PlattScaling(slope: 2, offset: 0.25),
            bias: 0.5
        ).write(folder, names: corpus.names, weights: weights, coefficients: coefficients)
        let model = try LinearTextModel(folder: folder)
        let text = "Good, a GOOD film! É bad fun and good fun."
        let bytes = Array(text.utf8)
        let words = [[0..<4, 8..<12], [13..<17], [22..<25], [26..<29, 39..<42]]
        let found = model.contributions(bytes, to: words)
        let sum = found.features.reduce(found.rest, +)
        #expect(abs(sum - score(model, text).logit) < 1e-9)
        #expect(found.features.contains { $0 != 0 })
        let all = model.contributions(bytes, to: [[0..<bytes.count]])
        #expect(abs(all.rest - (2 * 0.5 + 0.25)) < 1e-12)
        let none = model.contributions([], to: [])
        #expect(none.features.isEmpty && abs(none.rest - score(model, "").logit) < 1e-12)
    }

    @Test func averagedVectorsAreOneNumberAWord() throws {
        let path = folder + "/vectors.txt"
        let lines = "good 1 0.5\nbad -1 0\nfilm 0 0.25\n"
        try writeFileAtomically(path, bytes: Array(lines.utf8))
        let vectors = try WordVectors(path: path)
        #expect(vectors.count == 3 && vectors.dimension == 2)
        let bytes = texts.map { Array($0.utf8) }
        let rows = AveragedVectors.rows(bytes, vectors)
        let solution = DualCoordinateDescent(loss: .logistic, cost: 10)
            .solve(rows, positive: [true, false, true, false])
        try LinearModelWriter(
            labels: ["no", "yes"], recipe: AveragedVectors.recipe,
            platt: PlattScaling(slope: 1, offset: 0), bias: Double(solution.bias)
        ).write(
            folder, names: vectors.names, weights: [1, 1, 1],
            coefficients: AveragedVectors.coefficients(solution.weights, vectors))
        let model = try LinearTextModel(folder: folder)
        for (index, text) in texts.enumerated() {
            let margin = rows[index].reduce(Double(solution.bias)) { sum, place in
                sum + Double(solution.weights[Int(rows.columns[place])] * rows.values[place])
            }
            #expect(abs(score(model, text).margin - margin) < 1e-6)
        }
    }

    @Test func binaryVectorsAreRead() throws {
        var bytes = Array("2 2\n".utf8)
        for (word, vector) in [("good", [1, 0.5]), ("bad", [-1, 0.25])] as [(String, [Float])] {
            bytes += Array("\(word) ".utf8)
            for value in vector {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        try writeFileAtomically(folder + "/v.bin", bytes: bytes)
        let vectors = try WordVectors(path: folder + "/v.bin")
        #expect(vectors.elements == [1, 0.5, -1, 0.25])
        try writeFileAtomically(folder + "/short.bin", bytes: Array(bytes.dropLast(4)))
        #expect(throws: WordVectorsError.self) { try WordVectors(path: folder + "/short.bin") }
        try writeFileAtomically(folder + "/bad.txt", bytes: Array("a 1 2\nb 1\n".utf8))
        let error = #expect(throws: WordVectorsError.self) {
            try WordVectors(path: folder + "/bad.txt")
        }
        #expect(error?.message == "line 2: expected a word and 2 numbers")
    }

    @Test func whatIsNoNumberIsRefused() throws {
        func write(bias: Double, coefficient: Float) throws {
            try LinearModelWriter(
                labels: ["no", "yes"], recipe: .better, platt: .identity, bias: bias
            ).write(folder, names: [1, 2], weights: [1, 1], coefficients: [0.5, coefficient])
        }
        try write(bias: 0.5, coefficient: 1)
        #expect(try LinearTextModel(folder: folder).labels == ["no", "yes"])
        for coefficient in [Float.nan, .infinity] {
            try write(bias: 0.5, coefficient: coefficient)
            let error = #expect(throws: WeightsError.self) { try LinearTextModel(folder: folder) }
            #expect(error?.kind == .notFinite)
        }
        // It stands in the file as null.
        try write(bias: .nan, coefficient: 1)
        let error = #expect(throws: WeightsError.self) { try LinearTextModel(folder: folder) }
        #expect(error?.message.contains("bias, a number, is missing") == true)
    }

    @Test(arguments: [
        #"{"model_type":"textflix-ngrams","format":2,"labels":["a","b"]}"#,
        #"{"model_type":"textflix-ngrams","format":1,"labels":["a"]}"#,
        #"{"model_type":"textflix-ngrams","format":1,"labels":["a","b"],"odd":1}"#,
        #"{"model_type":"textflix-ngrams","format":1,"labels":["a","b"],"order":9}"#,
        #"{"model_type":"textflix-ngrams","format":1,"labels":["a","b"]}"#,
    ])
    func brokenFoldersAreRefused(_ configuration: String) throws {
        try writeFileAtomically(folder + "/config.json", bytes: Array(configuration.utf8))
        #expect(throws: WeightsError.self) { try LinearTextModel(folder: folder) }
    }
}
