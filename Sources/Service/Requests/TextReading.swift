// Which bytes of a text the model reads: all, what truncation leaves of them, or all of them in
// windows.
//
// Lives on the explanation thread, which owns the buffer.

internal import TextflixProtocol
internal import Tokenization
internal import Weights

struct TextReading {
    let tokenizer: WordPiece
    let model: ServedModel

    /// - Throws: a text that is not UTF-8, too long under REFUSE, or more than the windows hold.
    func read(
        _ text: [UInt8], truncation: ModelSettings.Truncation, _ buffer: inout TokenBuffer
    ) throws(Status) -> ExplainedText.Reading {
        if truncation == .windows { return try windows(text, &buffer) }
        let policy = model.policy(truncation)
        let count = try tokenize(text, policy, &buffer)
        var reading = ExplainedText.Reading(
            ranges: [[0..<text.count]], usedTokens: count.used, totalTokens: count.total,
            isTruncated: count.truncated)
        guard count.truncated else { return reading }
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

    /// A window's tokens are those that Classify reads, but for a word that is longer than one.
    private func windows(
        _ text: [UInt8], _ buffer: inout TokenBuffer
    ) throws(Status) -> ExplainedText.Reading {
        do throws(TokenizationError) {
            let windows = try tokenizer.windows(
                text, maxTokens: model.maxTokens, atMost: Limits.textWindows, into: &buffer)
            return ExplainedText.Reading(
                ranges: windows.map { [$0.bytes] },
                usedTokens: 2 + (windows.map(\.tokens.count).max() ?? 0),
                totalTokens: buffer.count + 2)
        } catch {
            throw .invalid(error.description)
        }
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
}
