// The answer cache: what it finds, what it forgets, and that nobody can tell the difference.

import Syscalls
import Testing
import TextflixProtocol
import Weights

@testable import Service

@Suite struct AnswerCacheTests {
    private func key(_ text: String, model: UInt32 = 1) -> AnswerCache.Key {
        AnswerCache.Key(model: model, truncation: .head, text: Text(text))
    }

    private func answer(_ value: Float) -> AnswerCache.Answer {
        AnswerCache.Answer(
            logits: [value, 0], probabilities: [1, 0], tokenCount: 3, totalTokens: 3,
            isTruncated: false)
    }

    @Test func itFindsWhatIsTheSame() {
        var cache = AnswerCache(bytes: 10_000)
        cache.store(answer(1), for: key("a"))
        #expect(cache.find(key("a"))?.logits == [1, 0])
        #expect(cache.find(key("b")) == nil)
        #expect(cache.find(key("a", model: 2)) == nil)
    }

    @Test func itIsBoundedAndKeepsWhatIsAskedOften() {
        var cache = AnswerCache(bytes: 10_000)
        cache.store(answer(7), for: key("often"))
        for number in 0..<1000 {
            cache.store(answer(Float(number)), for: key("text \(number)"))
            #expect(cache.find(key("often")) != nil)
            #expect(cache.entryCount <= 50)  // 10,000 bytes at over 200 an entry
        }
        #expect(cache.find(key("text 0")) == nil)
        #expect(cache.find(key("text 999")) != nil)
    }

    @Test func nothingIsKeptWithoutBytes() {
        var cache = AnswerCache(bytes: 0)
        #expect(!cache.isOn)
        cache.store(answer(1), for: key("a"))
        #expect(cache.find(key("a")) == nil)
    }

    @Test func repeatedTextsAreNotComputedAgain() throws {
        let daemon = try TestDaemon { $0.cacheBytes = 1 << 20 }
        let client = try daemon.connect()
        let first = try client.classify("good", "film", "a b")
        let second = try client.classify("film", "a b", "good")
        #expect(second.results == [first.results[1], first.results[2], first.results[0]])
        let third = try client.classify("film", "b", "nan")
        #expect(third.results[0] == first.results[1])
        #expect(third.results[2].code == StatusCode.internal.rawValue)
        let computed = daemon.board.batches.reduce(0, +)
        #expect(computed == 5)
        let counters = try client.status().counters
        #expect(counters.first { $0.name == "textflix_cache_hits_total" }?.value == 4)
    }
}
