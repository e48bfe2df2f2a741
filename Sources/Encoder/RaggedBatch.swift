// Token ids of several texts, back to back: no padding, ever.
//
//     ids     [CLS] a b [SEP] [CLS] c [SEP]          T tokens
//     starts  0               4             7        texts + 1 offsets
//
// Invariant: `starts` begins with 0, never falls, and ends with `ids.count`. A text has at least
// one token. Positions are counted from each text's start; all tokens are of type 0.

package struct RaggedBatch: Sendable {
    package private(set) var ids: [UInt32] = []
    package private(set) var starts: [Int] = [0]

    package init() {}

    package var textCount: Int { starts.count - 1 }
    package var tokenCount: Int { ids.count }

    package func range(ofText text: Int) -> Range<Int> { starts[text]..<starts[text + 1] }

    /// - Precondition: at least one token, [CLS] and [SEP] already among them.
    package mutating func append(_ tokens: some Collection<UInt32>) {
        precondition(!tokens.isEmpty)
        ids.append(contentsOf: tokens)
        starts.append(ids.count)
    }

    package mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        starts.append(0)
    }

    /// Becomes equal to the other one, in memory of its own.
    package mutating func copy(_ other: RaggedBatch) {
        removeAll()
        ids.append(contentsOf: other.ids)
        starts.append(contentsOf: other.starts.dropFirst())
    }

    /// Room for so much without allocating.
    package mutating func reserve(tokens: Int, texts: Int) {
        ids.reserveCapacity(tokens)
        starts.reserveCapacity(texts + 1)
    }
}
