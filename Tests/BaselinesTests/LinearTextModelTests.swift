// A linear model from training to its folder and back: the served score is the trained margin.

import Baselines
import Syscalls
import TestSupport
import Testing
import Weights

private func score(_ model: LinearTextModel, _ text: String) -> LinearTextModel.Score {
    let reader = NGramReader(recipe: model.recipe)
    var names: [UInt64] = []
    return Array(text.utf8).withUnsafeBufferPointer { model.score($0, reader, &names) }
}

@Suite struct LinearTextModelTests {
    private let scratch: TemporaryFolder
    private var folder: String { scratch.path }
    let texts = ["a good film", "a bad film", "good good fun", "dull and bad"]

    init() throws { scratch = try TemporaryFolder("linear") }

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

    @Test func contributionsAreOfWholeWordsInAnyScript() throws {
        let text = Array("हिन्दी फिल्म 好看! cafe\u{301}".utf8)
        let corpus = NGramCorpus(recipe: .better, texts: [text])
        let ones = corpus.names.map { _ in Float(1) }
        try LinearModelWriter(labels: ["no", "yes"], recipe: .better, platt: .identity, bias: 0.5)
            .write(folder, names: corpus.names, weights: ones, coefficients: ones)
        let model = try LinearTextModel(folder: folder)
        let logit = text.withUnsafeBufferPointer { bytes in
            var names: [UInt64] = []
            return model.score(bytes, NGramReader(recipe: model.recipe), &names).logit
        }
        // 18 + 1 + 15 + 1 bytes, then two letters of 3, a mark and a blank, and a word of 6.
        let places = [[0..<18], [19..<34], [35..<38], [38..<41], [41..<42], [43..<49]]
        #expect(places.last?.last?.upperBound == text.count)
        let found = model.contributions(text, to: places)
        #expect(found.features.allSatisfy { $0 > 0 } && abs(found.rest - 0.5) < 1e-12)
        #expect(abs(found.features.reduce(found.rest, +) - logit) < 1e-9)
    }

    @Test func aModelThatSaysNothingOfScriptsReadsAsItWasTrained() throws {
        let corpus = NGramCorpus(recipe: .better, texts: [Array("好看".utf8)])
        let ones = corpus.names.map { _ in Float(1) }
        try LinearModelWriter(labels: ["no", "yes"], recipe: .better, platt: .identity, bias: 0)
            .write(folder, names: corpus.names, weights: ones, coefficients: ones)
        let new = try LinearTextModel(folder: folder)
        #expect(new.recipe == .better && score(new, "好看").known == 3)
        let path = folder + "/config.json"
        let text = String(decoding: try readFile(path, limit: 1 << 16), as: UTF8.self)
        let before = text.replacing(#""knows_scripts": true,"#, with: "")
        #expect(before != text)
        try writeFileAtomically(path, bytes: Array(before.utf8))
        let old = try LinearTextModel(folder: folder)
        #expect(!old.recipe.knowsScripts && score(old, "好看").total == 1)
        #expect(score(old, "好看").known == 0)
    }

    @Test func vectorsAreFoundWhateverTheirCase() throws {
        let path = folder + "/vectors.txt"
        let lines = "Paris 1 0\nparis 0 1\nBerlin 2 0\nBERLIN 3 0\nÉLAN 4 0\nrome 5 0\nRome 6 0\n"
        try writeFileAtomically(path, bytes: Array(lines.utf8))
        let vectors = try WordVectors(path: path)
        #expect(vectors.count == 4)
        let texts = ["Paris", "berlin", "Élan", "ROME"].map { Array($0.utf8) }
        #expect(AveragedVectors.rows(texts, vectors).values == [0, 1, 2, 0, 4, 0, 5, 0])
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
