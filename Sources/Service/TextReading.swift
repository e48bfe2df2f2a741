// Which bytes of a text the model reads: all, what truncation leaves of them, or all of them in
// windows.
//
// Lives on the thread that owns the buffer: one that turns texts into tokens, or that explains.
// Equal texts have equal windows on both.

internal import TextflixProtocol
internal import Tokenization

struct TextReading {
    let tokenizer: WordPiece
    let model: ServedModel

    /// - Throws: a text that is not UTF-8, too long under REFUSE, or more than the windows hold.
    func read(
        _ text: [UInt8], truncation: TextTruncation, _ buffer: inout TokenBuffer
    ) throws(Status) -> ExplainedText.Reading {
        let policy = model.policy(truncation)
        let count = try tokenize(text, policy, &buffer)
        var reading = ExplainedText.Reading(
            ranges: [[0..<text.count]], usedTokens: count.used, totalTokens: count.total,
            isTruncated: count.truncated)
        guard count.truncated else { return reading }
        if truncation == .windows {
            reading.ranges = try windows(text, &buffer).map { [$0] }
            reading.isTruncated = false
            return reading
        }
        // [CLS] first, [SEP] last: the text's own tokens lie between.
        let last = buffer.count - 2
        if case .headAndTail(let head) = policy, head < last {
            let (end, start) = (Int(buffer.ends[head]), Int(buffer.starts[head + 1]))
            reading.ranges = [[0..<end, start..<text.count]]
        } else {
            reading.ranges = [[0..<Int(buffer.ends[last])]]
        }
        return reading
    }

    private func tokenize(
        _ text: [UInt8], _ policy: TruncationPolicy, _ buffer: inout TokenBuffer
    ) throws(Status) -> TokenCount {
        do throws(TokenizationError) {
            return try tokenizer.tokenize(
                text, truncation: policy, maxTokens: model.maxTokens, countAll: true,
                into: &buffer)
        } catch {
            throw .invalid(error.description)
        }
    }

    /// Whole sentences, as many as fit; one that does not fit alone is cut at a token. Together the
    /// windows are the text.
    func windows(
        _ text: [UInt8], _ buffer: inout TokenBuffer
    ) throws(Status) -> [Range<Int>] {
        let room = model.maxTokens - 2
        var windows: [Range<Int>] = []
        var tokens = 0
        for sentence in SentenceSplitter().features(of: text, atMost: Limits.explainFeatures) {
            for (piece, count) in try pieces(of: sentence, text, room, &buffer) {
                if let last = windows.last, tokens + count <= room {
                    windows[windows.count - 1] = last.lowerBound..<piece.upperBound
                    tokens += count
                } else {
                    windows.append(piece)
                    tokens = count
                }
            }
        }
        guard windows.count <= Limits.textWindows else {
            throw .invalid(
                "the text has \(windows.count) windows, more than \(Limits.textWindows)")
        }
        return windows
    }

    private func pieces(
        of sentence: Range<Int>, _ text: [UInt8], _ room: Int, _ buffer: inout TokenBuffer
    ) throws(Status) -> [(Range<Int>, Int)] {
        let count: Int
        do throws(TokenizationError) {
            count = try tokenizer.tokenize(
                Array(text[sentence]), truncation: .none, specialTokens: false, into: &buffer
            ).used
        } catch {
            throw .invalid(error.description)
        }
        var pieces: [(Range<Int>, Int)] = []
        var start = sentence.lowerBound
        for first in stride(from: 0, to: max(1, count), by: room) {
            let next = first + room
            let end =
                next < count
                ? sentence.lowerBound + Int(buffer.starts[next]) : sentence.upperBound
            // Tokens of one word may share their bytes: then they stay together.
            if end > start { pieces.append((start..<end, min(room, count - first))) }
            start = max(start, end)
        }
        return pieces
    }
}
