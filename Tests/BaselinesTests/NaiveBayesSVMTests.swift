// NB-SVM against scikit-learn on made-up texts (Tests/Golden/baselines/make_golden.py), and what
// the recipes do to a text.

import Baselines
import JSONText
import Syscalls
import TestSupport
import Testing

private func golden() throws -> JSONNode {
    let path = Checkout.root + "/Tests/Golden/baselines/golden.json"
    return try JSONDocument.parse(try readFile(path, limit: 1 << 20))
}

/// The n-gram names of a text under a recipe.
private func names(_ text: String, _ recipe: NGramRecipe) -> Set<UInt64> {
    var found: [UInt64] = []
    Array(text.utf8).withUnsafeBufferPointer {
        NGramReader(recipe: recipe).read($0, into: &found)
    }
    #expect(Set(found).count == found.count)
    return Set(found)
}

@Suite struct NaiveBayesSVMTests {
    @Test(arguments: 0..<8)
    func margins(_ index: Int) throws {
        let node = try golden()
        let example = try #require(node["cases"]?.array?[index])
        let train = (node["train"]?.array ?? []).compactMap(\.utf8)
        let held = (node["held"]?.array ?? []).compactMap(\.utf8)
        let recipe = NGramRecipe(
            minimumWordLength: 1, keepsMarks: true, removesStopWords: false, stems: false,
            order: try #require(example["order"]?.int),
            weighting: try #require(.init(rawValue: example["weighting"]?.string ?? "")))
        // Training and held-out texts share one corpus; the frequencies and ratios see the first.
        let corpus = NGramCorpus(recipe: recipe, texts: train + held)
        let positive = (node["classes"]?.array ?? []).compactMap(\.bool)
        let solver = DualCoordinateDescent(
            loss: try #require(.init(rawValue: example["loss"]?.string ?? "")),
            cost: try #require(example["cost"]?.double), tolerance: 1e-7, passes: 20_000)
        let machine = NaiveBayesSVM(
            solver: solver, interpolation: try #require(example["beta"]?.double))
        let texts = Array(train.indices)
        let classes = positive + held.map { _ in false }
        let fit = machine.fit(corpus, positive: classes, texts: texts)
        #expect(fit.converged)
        let found = NaiveBayesSVM.margins(
            fit, corpus, texts: Array(train.count..<(train.count + held.count)))
        let expected = (example["margins"]?.array ?? []).compactMap(\.double)
        #expect(expected.count == held.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-4) }
    }

    @Test func platt() throws {
        let node = try #require(try golden()["platt"])
        let margins = (node["margins"]?.array ?? []).compactMap(\.double)
        let positive = (node["positive"]?.array ?? []).compactMap(\.bool)
        let scaling = try #require(PlattScaling(margins: margins, positive: positive))
        #expect(abs(scaling.slope - (node["slope"]?.double ?? 0)) < 1e-4)
        #expect(abs(scaling.offset - (node["offset"]?.double ?? 0)) < 1e-4)
        // It never inverts answers, nor makes all of them equal.
        #expect(PlattScaling(margins: margins.map { -$0 }, positive: positive) == nil)
        #expect(PlattScaling(margins: margins.map { _ in 0.5 }, positive: positive) == nil)
    }

    @Test func betterKeepsWhatReportThrowsAway() {
        #expect(names("Not good!", .better).count == 3 + 2)
        #expect(names("Not good!", .report).count == 1)
        #expect(names("running runs", .report).count == 2)
        #expect(names("running runs", .better).count == 3)
        #expect(names("GOOD", .better) == names("good", .better))
        #expect(names("a<br />b", .better) == names("a b", .better))
        #expect(names("ÉLAN", .better) == names("élan", .better))
        #expect(names("", .better).isEmpty)
        #expect(names("a b", .better).subtracting(names("b a", .better)).count == 1)
    }

    /// Vowel signs are of their word, and a letter of a script without blanks is one.
    @Test(arguments: [
        ("हिन्दी फिल्म", 2), ("cafe\u{301} noir", 2), ("好看。", 3), ("映画abc1", 3), ("หนังดี", 4),
        ("ភាពយន្ត", 5), ("12３", 1), ("中文\u{301}b\u{301}", 3), ("\u{301}a", 2),
    ])
    func wordsAreThoseOfTheirScript(_ text: String, _ words: Int) {
        var recipe = NGramRecipe.better
        recipe.order = 1
        #expect(names(text, recipe).count == words)
        // Models of before read as they were trained.
        recipe.knowsScripts = false
        let old = ["हिन्दी फिल्म": 9, "好看。": 2, "映画abc1": 1, "12３": 1]
        if let count = old[text] { #expect(names(text, recipe).count == count) }
    }

    @Test func lettersAreWordsWhateverTheirNumberButForVectors() {
        #expect(names("好看的电影", .better).count == 5 + 4)
        #expect(names("好看的电影", .report).count == 5 + 4)
        #expect(names("好看的电影 好", AveragedVectors.recipe).count == 2)
        #expect(names("हिन्दी", AveragedVectors.recipe).count == 1)
    }

    @Test func aTextIsReadWhateverItsBytes() {
        var random: UInt64 = 3
        for _ in 0..<500 {
            let bytes = (0..<40).map { _ -> UInt8 in
                random = random &* 6_364_136_223_846_793_005 &+ 1
                return UInt8(random >> 56)
            }
            var found: [UInt64] = []
            bytes.withUnsafeBufferPointer {
                NGramReader(recipe: .better).read($0, into: &found)
            }
            #expect(!found.contains(0))
        }
    }
}
