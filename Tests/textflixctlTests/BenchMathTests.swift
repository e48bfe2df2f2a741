// The arithmetic of a load test: histograms, arrivals, limits, searches, and what a glance sees.

import Randomness
import Testing
import TextflixProtocol

@testable import textflixctl

@Suite struct ValueHistogramTests {
    @Test func bucketsCoverAllValuesOnce() {
        var end: UInt64 = 0
        for bucket in 1..<30_000 {
            let next = ValueHistogram.upperEnd(of: bucket)
            #expect(next > end)
            #expect(ValueHistogram.bucket(of: end + 1) == bucket)
            #expect(ValueHistogram.bucket(of: next) == bucket)
            // Three digits: a bucket is no wider than a thousandth of its values.
            #expect(Double(next - end - 1) <= Double(end + 1) / 1000)
            end = next
        }
        #expect(ValueHistogram.bucket(of: ValueHistogram.most) < 1024 * 39)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func quantilesAgreeWithTheSortedValues(seed: UInt64) {
        var random = RandomSource(seed: seed)
        var histogram = ValueHistogram()
        // Six decades, as latencies have.
        var values = (0..<20_000).map { _ in
            UInt64(1000 * (1 + random.exponential() * 1e6 * random.unit()))
        }
        for value in values { histogram.record(value) }
        values.sort()
        for share in [0.0001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
            let rank = max(1, Int((share * 20_000).rounded(.up)))
            let exact = Double(values[rank - 1])
            let got = Double(histogram.quantile(share))
            #expect(got >= exact && got <= exact * 1.001)
        }
        #expect(histogram.smallest == values[0] && histogram.largest == values[19_999])
        let mean = values.reduce(0.0) { $0 + Double($1) } / 20_000
        #expect(abs(histogram.mean - mean) < 1e-6 * mean)
    }

    @Test func sumsAreSums() {
        var (left, right, both) = (ValueHistogram(), ValueHistogram(), ValueHistogram())
        for value in 0..<5000 as Range<UInt64> {
            if value.isMultiple(of: 3) { left.record(value * value) } else { right.record(value) }
            both.record(value.isMultiple(of: 3) ? value * value : value)
        }
        left.add(right)
        #expect(left.entries.map(\.count) == both.entries.map(\.count))
        #expect(left.count == both.count && left.largest == both.largest)
    }

    @Test func nothingAndTooMuch() {
        var histogram = ValueHistogram()
        #expect(histogram.quantile(0.5) == 0 && histogram.entries.isEmpty)
        histogram.record(.max)
        #expect(histogram.quantile(1) == ValueHistogram.most)
    }

    @Test func aBoundOnP99HoldsAsOftenAsItSays() {
        // Uniform values: the true p99 is known. 400 experiments of 2000 values each.
        var random = RandomSource(seed: 5)
        var held = 0
        for _ in 0..<400 {
            var histogram = ValueHistogram()
            for _ in 0..<2000 { histogram.record(UInt64(random.unit() * 1e6)) }
            if histogram.upperBound(ofQuantile: 0.99, confidence: 0.95) ?? 0 >= 990_000 {
                held += 1
            }
        }
        #expect(held >= 370)  // 380 expected, 4.4 the standard deviation
        var few = ValueHistogram()
        for value in 0..<100 as Range<UInt64> { few.record(value) }
        #expect(few.upperBound(ofQuantile: 0.99) == nil)
        #expect(few.upperBound(ofQuantile: 0.5) == 62)  // P(X <= 37) = 0.6 %, P(X <= 38) = 1.05 %
    }
}

@Suite struct ArrivalTests {
    @Test func constantArrivalsDoNotDrift() {
        var schedule = ArrivalSchedule(.constant(rate: 3), seed: 1)
        for index in 0..<3000 {
            #expect(schedule.nextDue == UInt64(Double(index) * 1e9 / 3))
            schedule.advance()
        }
    }

    @Test func poissonArrivalsHaveTheRateAndTheVariance() throws {
        var schedule = ArrivalSchedule(.poisson(rate: 1000), seed: 42)
        var perSecond = [Int](repeating: 0, count: 200)
        var last: UInt64 = 0
        while let due = schedule.nextDue, due < 200_000_000_000 {
            #expect(due >= last)
            last = due
            perSecond[Int(due / 1_000_000_000)] += 1
            schedule.advance()
        }
        let mean = Double(perSecond.reduce(0, +)) / 200
        let variance =
            perSecond.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 199
        #expect(abs(mean - 1000) < 9)  // 4 standard errors: 4 · sqrt(1000 / 200)
        #expect(abs(variance / mean - 1) < 0.4)  // 4 · sqrt(2 / 199)
    }

    @Test func aSeedRepeatsItself() {
        func first(_ seed: UInt64) -> [UInt64?] {
            var schedule = ArrivalSchedule(.poisson(rate: 10), seed: seed)
            return (0..<50).map { _ in
                defer { schedule.advance() }
                return schedule.nextDue
            }
        }
        #expect(first(7) == first(7))
        #expect(first(7) != first(8))
        #expect(ArrivalSchedule(.closed(concurrency: 3), seed: 1).nextDue == nil)
    }
}

@Suite struct GlanceTests {
    private func glance(_ bytes: [UInt8]) -> ResponseGlance? {
        bytes.withUnsafeBytes { ResponseGlance($0) }
    }

    @Test func itSeesWhatTheDecoderSees() {
        let response = ClassifyResponse(
            results: [
                Classification(
                    label: "a", probability: 0.5, scores: [Score(label: "x")], tokens: 300),
                Classification(tokens: 7, code: 3, error: "no"),
            ], model: "m",
            timing: Timing(queuedNs: 1 << 40, computeNs: 12_345, batchTexts: 9, batchTokens: 4000))
        var expected = ResponseGlance()
        expected.texts = 2
        expected.failedTexts = 1
        expected.tokens = 307
        expected.queuedNanoseconds = 1 << 40
        expected.computeNanoseconds = 12_345
        expected.batchTexts = 9
        #expect(glance(ResponseEnvelope(payload: response.encoded[...]).encoded) == expected)
    }

    @Test func aRefusal() {
        let status = Status(code: .resourceExhausted, message: "full", retryAfter: .seconds(1))
        #expect(glance(ResponseEnvelope(status: status).encoded)?.code == 8)
        #expect(glance([]) == ResponseGlance())
    }

    @Test func noBytesMakeItReadBeyondTheirEnd() {
        let response = ClassifyResponse(results: [Classification(label: "a", tokens: 300)])
        let whole = ResponseEnvelope(payload: response.encoded[...]).encoded
        for count in whole.indices { _ = glance(Array(whole[..<count])) }
        var random = RandomSource(seed: 3)
        for _ in 0..<20_000 {
            _ = glance((0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        }
        #expect(glance([0x12, 0xFF, 0xFF, 0xFF, 0x7F]) == nil)
    }
}

@Suite struct LimitTests {
    @Test(arguments: [
        ("p99<250ms", "p99", Assertion.Relation.below, 250e6), ("errors=0", "errors", .equal, 0),
        ("rate>=40", "rate", .atLeast, 40), ("p99.9<=1.5s", "p99.9", .atMost, 1.5e9),
        ("bulk.tokens>1000", "bulk.tokens", .above, 1000), ("steady", "steady", .equal, 1),
        ("mean==2ms", "mean", .equal, 2e6),
    ])
    func understood(text: String, figure: String, relation: Assertion.Relation, limit: Double)
        throws
    {
        let assertion = try #require(Assertion(text))
        #expect(assertion.figure == figure)
        #expect(assertion.relation == relation)
        #expect(assertion.limit == limit)
    }

    @Test(arguments: [
        "", "p99", "p0<1ms", "p101<1ms", "speed>1", "p99<", "p99<fast", "p99<>1ms", "rate",
        "p99<250", "bulk.max<3", "rate>40ms", "errors=0s",
    ])
    func refused(text: String) {
        #expect(Assertion(text) == nil)
    }

    @Test func relations() throws {
        #expect(try #require(Assertion("rate>=40")).holds(40))
        #expect(try !#require(Assertion("rate>40")).holds(40))
        #expect(try #require(Assertion("p50<1ms")).holds(999_999))
    }
}

@Suite struct CapacitySearchTests {
    @Test(arguments: [0.3, 1, 7, 100, 12_345.6])
    func itFindsTheEdge(edge: Double) throws {
        for first in [edge / 50, edge, edge * 30] {
            var search = CapacitySearch(first: first)
            while let rate = search.next { search.note(rate, held: rate <= edge) }
            let found = try #require(search.holds)
            #expect(found <= edge && found >= edge * (1 - CapacitySearch.precision))
            #expect(search.trials <= CapacitySearch.mostTrials)
        }
    }

    @Test func whereNothingHoldsItEnds() {
        var search = CapacitySearch(first: 10)
        while let rate = search.next { search.note(rate, held: false) }
        #expect(search.holds == nil)
    }
}

@Suite struct SyntheticTextTests {
    @Test(arguments: [
        ("128", SyntheticTexts.Lengths.uniform(128...128)), ("16-512", .uniform(16...512)),
        (
            "32:3,512:1",
            .weighted([.init(tokens: 32, weight: 3), .init(tokens: 512, weight: 1)])
        ),
    ])
    func lengths(text: String, lengths: SyntheticTexts.Lengths) {
        #expect(SyntheticTexts.Lengths(written: text) == lengths)
    }

    @Test(arguments: ["", "2", "512-16", "a-b", "32:", "32:0", "1-2-3", "32:1,"])
    func noLengths(text: String) {
        #expect(SyntheticTexts.Lengths(written: text) == nil)
    }

    @Test func wordsAreTokensButTwo() throws {
        let lengths = try #require(SyntheticTexts.Lengths(written: "16-64"))
        let texts = SyntheticTexts.make(lengths, count: 500, seed: 1)
        let counts = texts.map { $0.split(separator: UInt8(ascii: " ")).count + 2 }
        #expect(counts.min() == 16 && counts.max() == 64)
        #expect(texts == SyntheticTexts.make(lengths, count: 500, seed: 1))
    }
}
