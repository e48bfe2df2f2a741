// An engine without weights: its answers follow from the tokens, its speed from the test.
//
// The logits of a text are (number of tokens, sum of ids): so a test can tell whose answer it is,
// and an answer that depended on who shares the batch would show.

import Service
import Synchronization
import Syscalls
import TextflixProtocol
import Tokenization
import Weights

final class FakeEngine: ComputeEngine {
    let board: FakeBoard

    init(board: FakeBoard) { self.board = board }

    func begin(
        _ model: ServedModel, _ texts: [WorkItem<TokenisedText>], _ output: OutputKind
    ) throws(EngineFailure) -> any ComputeWalk {
        board.note(texts.count)
        if texts.contains(where: { $0.payload.ids.contains(FakeModel.brokenID) }) {
            throw EngineFailure("a broken kernel")
        }
        return FakeWalk(texts: texts.map(\.payload.ids), output: output, board: board)
    }
}

/// What the test sees of the engine, and how it holds it up.
final class FakeBoard: Sendable {
    private let counts = Mutex<[Int]>([])
    private let gate = Futex(1)
    private let pace = Atomic<UInt64>(0)
    let layers: Int

    init(layers: Int = 2) { self.layers = layers }

    func note(_ texts: Int) { counts.withLock { $0.append(texts) } }
    var batches: [Int] { counts.withLock { $0 } }

    func shut() { gate.store(0) }
    func open() {
        gate.store(1)
        gate.wakeAll()
    }
    /// From now on a token takes so long in all layers together.
    func slowDown(nanosecondsPerToken: UInt64) {
        pace.store(nanosecondsPerToken, ordering: .relaxed)
    }
    func work(tokens: Int) {
        let nanoseconds = pace.load(ordering: .relaxed) * UInt64(tokens) / UInt64(layers)
        if nanoseconds > 0 { MonotonicClock.sleep(nanoseconds: nanoseconds) }
    }

    func pass() { while gate.value == 0 { gate.wait(while: 0, nanoseconds: 10_000_000) } }
}

final class FakeWalk: ComputeWalk {
    private let rows: UnsafeMutableBufferPointer<Float>
    private let columns: Int
    private let board: FakeBoard
    private let tokenCount: Int
    private var left: Int

    init(texts: [[UInt32]], output: OutputKind, board: FakeBoard) {
        self.board = board
        left = board.layers
        tokenCount = texts.reduce(0) { $0 + $1.count }
        var values: [Float] = []
        switch output {
        case .tokenLogits:
            let count = FakeModel.tags.count
            columns = count
            for id in texts.joined() {
                for tag in 0..<count { values.append(Int(id) % count == tag ? 5 : 0) }
            }
        default:
            columns = 2
            for ids in texts {
                let isBad = ids.contains(FakeModel.notANumberID)
                values += [isBad ? .nan : Float(ids.count), Float(ids.reduce(0, +))]
            }
        }
        rows = .allocate(capacity: values.count)
        _ = rows.initialize(from: values)
    }

    deinit { rows.deallocate() }

    func step() -> Bool {
        board.pass()
        board.work(tokens: tokenCount)
        left -= 1
        return left > 0
    }

    func row(_ index: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: rows[(index * columns)..<((index + 1) * columns)])
    }

    func end() {}
}

/// A model of a dozen words.
enum FakeModel {
    static let words = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "nan", "broken", "good", "bad", "film", "a", "b", "c",
        "##s", "ann", "lee",
    ]
    static let notANumberID: UInt32 = 4
    static let brokenID: UInt32 = 5
    /// Token id modulo 4.
    static let tags = ["O", "B-PER", "I-PER", "I-LOC"]

    static func make(
        _ name: String = "m", number: UInt32 = 1, head: ServedModel.Head = .sequence,
        maxTokens: Int = 8, revision: String = "r1", truncation: ModelSettings.Truncation = .head,
        labels: [String]? = nil, hiddenSize: Int = 0
    ) throws -> ServedModel {
        let labels = labels ?? (head == .token ? tags : head == .none ? [] : ["no", "yes"])
        return ServedModel(
            number: number, head: head, labels: labels,
            probabilities: { logits in
                let sum = logits.reduce(0, +)
                return logits.map { $0 / sum }
            },
            abstainBelow: 0, truncation: truncation, maxTokens: maxTokens, layerCount: 2,
            computation: .network(
                nil,
                try WordPiece(
                    vocabularyText: Array((words.joined(separator: "\n") + "\n").utf8))),
            status: ModelStatus(
                name: name, precision: "f32", labels: labels, revision: revision,
                maxTokens: UInt32(maxTokens), hiddenSize: UInt32(hiddenSize)))
    }
}
