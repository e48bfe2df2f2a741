// Truncation: whatever is kept is what the whole text's tokens say, and the counts are true.

import Testing

@testable import Tokenization

@Suite struct TruncationTests {
    private let model: WordPiece
    /// 40 tokens of text: more than some limits below, fewer than others.
    private let text = Array(
        Array(repeating: "good, unbelievable cafés film", count: 4).joined(separator: " ").utf8)

    init() throws { model = try tinyTokenizer() }

    private func ids(
        _ policy: TruncationPolicy, _ limit: Int = .max, countAll: Bool = false,
        specialTokens: Bool = true
    ) throws -> (buffer: TokenBuffer, count: TokenCount) {
        var buffer = TokenBuffer()
        let count = try model.tokenize(
            text, truncation: policy, maxTokens: limit, countAll: countAll,
            specialTokens: specialTokens, into: &buffer)
        #expect(count.used == buffer.count)
        return (buffer, count)
    }

    @Test(arguments: [2, 3, 9, 33, 34, 35, 100], [true, false])
    func headIsAPrefix(_ limit: Int, _ countAll: Bool) throws {
        let whole = try ids(.none).buffer
        let (buffer, count) = try ids(.head, limit, countAll: countAll)
        #expect(whole.count == 34)
        #expect(buffer.ids == whole.ids.prefix(min(limit, 34) - 1) + [model.separator])
        #expect(buffer.starts.dropLast() == whole.starts.prefix(min(limit, 34) - 1))
        #expect(count.truncated == (limit < 34))
        if countAll || !count.truncated { #expect(count.total == 34) }
    }

    @Test(arguments: [2, 3, 9, 20, 33, 34, 100], [0, 1, 5, 1000])
    func headAndTailKeepsBothEnds(_ limit: Int, _ head: Int) throws {
        let whole = try ids(.none, specialTokens: false).buffer
        let (buffer, count) = try ids(.headAndTail(head: head), limit)
        let room = limit - 2
        #expect(count.total == 34)
        #expect(count.truncated == (room < 32))
        guard room < 32 else { return }
        let first = min(head, room)
        let kept = whole.ids.prefix(first) + whole.ids.suffix(room - first)
        #expect(buffer.ids == [model.classification] + kept + [model.separator])
        let ends = whole.ends.prefix(first) + whole.ends.suffix(room - first)
        #expect(buffer.ends.dropFirst().dropLast() == ends)
    }

    /// Longer than what is staged at once, so that the ring of the tail goes round many times.
    @Test func aLongTailInManyStages() throws {
        let long = Array(
            (0..<5000).map { $0 % 3 == 0 ? "good" : "film" }.joined(separator: " ").utf8)
        var whole = TokenBuffer()
        var buffer = TokenBuffer()
        _ = try model.tokenize(long, truncation: .none, specialTokens: false, into: &whole)
        let count = try model.tokenize(
            long, truncation: .headAndTail(head: 128), maxTokens: 510, specialTokens: false,
            into: &buffer)
        #expect(buffer.starts == whole.starts.prefix(128) + whole.starts.suffix(382))
        #expect(count == TokenCount(used: 510, total: 5000, truncated: true))
    }

    @Test func refusalSaysHowLong() throws {
        var buffer = TokenBuffer()
        #expect(throws: TokenizationError.tooLong(tokens: 34, limit: 33)) {
            try model.tokenize(text, truncation: .refuse, maxTokens: 33, into: &buffer)
        }
        #expect(buffer.ids.isEmpty)
        #expect(try ids(.refuse, 34).count == TokenCount(used: 34, total: 34, truncated: false))
    }

    @Test func readingStopsEarly() throws {
        let long = Array(Array(repeating: "good", count: 100_000).joined(separator: " ").utf8)
        var buffer = TokenBuffer()
        let count = try model.tokenize(long, maxTokens: 512, into: &buffer)
        #expect(count == TokenCount(used: 512, total: nil, truncated: true))
        let counted = try model.tokenize(long, maxTokens: 512, countAll: true, into: &buffer)
        #expect(counted == TokenCount(used: 512, total: 100_002, truncated: true))
    }
}
