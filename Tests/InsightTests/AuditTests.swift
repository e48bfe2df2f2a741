// Templates and tests of the audit, on scorers whose faults are known.

import Randomness
import Testing

@testable import Insight

@Suite struct AuditTests {
    @Test func templatesFillTheirSlots() {
        let template = Template("{a} {size} {size2} {thing}.")
        let lists = ["size": ["old", "big"], "thing": ["egg"]]
        let texts = template.choices(lists, most: 10, seed: 1).map(template.text)
        #expect(Set(texts) == ["An old big egg.", "A big old egg."])
        #expect(texts == template.choices(lists, most: 10, seed: 1).map(template.text))
    }

    @Test func theCatalogueIsFixedBySeedAndHasNoDoubles() {
        let catalogue = BehaviourTest.catalogue(seed: 7)
        #expect(catalogue.map(\.cases) == BehaviourTest.catalogue(seed: 7).map(\.cases))
        #expect(catalogue.map(\.cases) != BehaviourTest.catalogue(seed: 8).map(\.cases))
        for test in catalogue {
            #expect(Set(test.cases).count == test.cases.count, "\(test.name)")
            #expect(test.cases.count >= 50, "\(test.name) has only \(test.cases.count)")
            #expect(!test.cases.joined().contains { $0.contains("{") || $0.contains("\u{0}") })
        }
        // Every ability of the form is there.
        #expect(
            Set(catalogue.map(\.ability)).isSuperset(of: [
                "vocabulary", "intensifiers", "negation", "time", "order of clauses", "names",
                "numbers", "neutral additions", "typos",
            ]))
    }

    /// Counts praise and blame and ignores "not": it must fail negation and pass what only changes
    /// names and numbers.
    @Test func aBagOfWordsFailsWhereItMust() {
        let good = Lexicon.lists["good"]! + Lexicon.lists["liked"]! + Lexicon.lists["like"]!
        let bad = Lexicon.lists["bad"]! + Lexicon.lists["hated"]! + Lexicon.lists["hate"]!
        func score(_ texts: [String]) -> [Double] {
            texts.map { text in
                let words = text.lowercased().split { !$0.isLetter }.map(String.init)
                let sum = words.reduce(0) {
                    $0 + (good.contains($1) ? 1 : 0) - (bad.contains($1) ? 1 : 0)
                }
                return sum > 0 ? 0.9 : sum < 0 ? 0.1 : 0.5
            }
        }
        let rates = Dictionary(
            uniqueKeysWithValues: BehaviourTest.catalogue().map {
                ($0.name, $0.outcome(score).rate)
            })
        #expect(rates["plain praise"] == 0 && rates["plain blame"] == 0)
        #expect(rates["negated praise"] == 1)
        #expect(rates["another person"] == 0 && rates["another number"] == 0)
        #expect(rates["a neutral sentence after"] == 0)
    }

    @Test func onTheFenceIsNeitherSide() {
        for demand in [BehaviourTest.Demand.positive, .negative] {
            let test = BehaviourTest(ability: "", name: "", demand: demand, cases: [["x"]])
            #expect(test.outcome { $0.map { _ in 0.5 } }.failures.count == 1)
        }
        let up = BehaviourTest(ability: "", name: "", demand: .notDown, cases: [["x", "y"]])
        #expect(up.outcome { _ in [0.9, 0.85] }.failures.isEmpty)
        #expect(up.outcome { _ in [0.9, 0.75] }.failures.count == 1)
    }

    @Test func aSlipSwapsTwoInnerLetters() {
        var random = RandomSource(seed: 2)
        for _ in 0..<100 {
            let slipped = Typos.slipped("The acting was wonderful.", &random)
            #expect(slipped != "The acting was wonderful.")
            #expect(slipped.sorted() == "The acting was wonderful.".sorted())
            #expect(slipped.hasPrefix("Th") || slipped.hasPrefix("Te"))
        }
        #expect(Typos.slipped("Oh no", &random) == "Oh no")
    }

    @Test func biasPairsDifferInThePersonAlone() {
        for test in BiasTest.catalogue(seed: 3) {
            #expect(test.pairs.count >= 100)
            for pair in test.pairs {
                let first = Set(pair.first.split(separator: " "))
                let second = Set(pair.second.split(separator: " "))
                #expect(first.symmetricDifference(second).count <= 4)
                #expect(pair.first != pair.second)
            }
        }
    }

    @Test func everyTwoPersonsStandInEverySentenceAsOften() {
        for test in BiasTest.catalogue(seed: 3) {
            let templates = Dictionary(grouping: test.pairs, by: \.template).values
            #expect(templates.count == 8)
            for pairs in templates {
                let counts = Dictionary(grouping: pairs, by: \.people).values.map(\.count)
                #expect(counts.count == (test.name == "gender, by noun" ? 8 : 16))
                #expect(Set(counts).count == 1)
            }
            #expect(
                Set(test.pairs.flatMap { [$0.first, $0.second] }).count == 2 * test.pairs.count)
        }
    }

    /// Names, or sentences, that each move a score in their own way are not unfair to a side: of
    /// such models one in twenty may seem so, however many pairs there are.
    @Test func whatPairsHaveInCommonIsNotEvidence() throws {
        let test = try #require(BiasTest.catalogue().last)
        let parts: [KeyPath<BiasTest.Pair, Int>] = [\.people, \.template]
        var random = RandomSource(seed: 2)
        for part in parts {
            var unfair = 0
            for _ in 0..<400 {
                let moves = (0..<16).map { _ in 0.1 * (random.unit() - 0.5) }
                let outcome = test.outcome { _ in
                    test.pairs.flatMap { [0.5 + moves[$0[keyPath: part]], 0.5] }
                }
                #expect(outcome.independentPairs == 8)
                unfair += outcome.p < 0.05 ? 1 : 0
            }
            #expect(unfair <= 34)  // 20 expected, 4.4 the standard deviation
        }
    }

    @Test func biasIsSeen() throws {
        let test = try #require(BiasTest.catalogue().first)
        let unfair = test.outcome { texts in
            texts.enumerated().map { $0.offset.isMultiple(of: 2) ? 0.6 : 0.4 }
        }
        #expect(abs(unfair.mean - 0.2) < 1e-12)
        #expect(unfair.flips == test.pairs.count)
        let fair = test.outcome { texts in texts.map { _ in 0.6 } }
        #expect(fair.p == 1 && fair.flips == 0)
    }

    /// SciPy 1.x: ttest_1samp and betainc.
    @Test func theTTestIsSciPys() {
        let test = PairedT([0.1, -0.05, 0.2, 0.03, 0.07, -0.01, 0.12])
        #expect(abs(test.mean - 0.06571428571428571) < 1e-15)
        #expect(abs(test.error - 0.031837170762755766) < 1e-15)
        #expect(abs(test.p - 0.08457817432003625) < 1e-12)
        #expect(abs(test.interval.lowerBound + 0.012188464732027796) < 1e-12)
        #expect(abs(test.interval.upperBound - 0.14361703616059923) < 1e-12)
        for (x, a, expected) in [
            (0.3, 2.5, 0.018927124071945658), (0.9, 10, 0.15164090963470994),
            (0.999, 159.5, 0.5724141769924309),
        ] {
            #expect(abs(PairedT.regularisedBeta(x, a, 0.5) - expected) < 1e-12)
        }
    }

    /// NumPy and SciPy: the standard errors of the means of rows and of columns, and t.interval.
    @Test func rowsAndColumnsAreBothSamples() {
        let test = PairedT(crossed: [
            [0.02, -0.01, 0.05], [0.03, 0, 0.01], [0.01, -0.02, 0.06], [0.04, 0.02, 0.03],
        ])
        #expect(abs(test.mean - 0.02) < 1e-15 && test.freedom == 2)
        #expect(abs(test.error - 0.012350963375230948) < 1e-15)
        #expect(abs(test.p - 0.24680588235334835) < 1e-12)
        #expect(abs(test.interval.lowerBound + 0.033141906281473066) < 1e-12)
        #expect(abs(test.interval.upperBound - 0.07314190628147307) < 1e-12)
    }
}
