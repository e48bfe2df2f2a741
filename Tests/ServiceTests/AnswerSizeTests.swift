// What is refused because no frame has room for its answer, and what a refusal says of a model with
// many labels.

import Testing
import TextflixProtocol

@testable import Service

@Suite struct AnswerSizeTests {
    private static func labels(_ count: Int, bytes: Int) -> [String] {
        (0..<count).map { number in
            let name = "\(number)"
            return name + String(repeating: "x", count: bytes - name.utf8.count)
        }
    }

    /// 1.06 MB a text.
    private static let wide = labels(4000, bytes: 250)

    private func order(_ kind: WorkOrder.Kind, texts: Int) throws -> WorkOrder {
        try WorkOrder(
            kind, model: "", texts: Array(repeating: "a", count: texts), priority: .bulk,
            truncation: .modelDefault)
    }

    private func refusal(
        _ model: ServedModel, _ kind: WorkOrder.Kind, texts: Int
    ) throws -> Status? {
        let order = try order(kind, texts: texts)
        do throws(Status) {
            try model.checkAnswer(to: order)
            return nil
        } catch {
            return error
        }
    }

    @Test func manyTextsOfManyLabels() throws {
        let model = try FakeModel.make(labels: Self.wide)
        #expect(try refusal(model, .classify, texts: 3) == nil)
        let status = try #require(try refusal(model, .classify, texts: 4))
        #expect(status.code == .resourceExhausted && status.retryAfter == nil)
        for words in ["4 texts", "4194304 bytes", "4000 labels", "at most 3 at once"] {
            #expect(status.message.contains(words), "\(status.message)")
        }
    }

    @Test func noTextOfTooManyLabels() throws {
        let model = try FakeModel.make(labels: Self.labels(16_000, bytes: 250))
        for kind in [WorkOrder.Kind.classify, .explain(ExplainOrder())] {
            let status = try #require(try refusal(model, kind, texts: 1))
            #expect(status.message.contains("1 text would"), "\(status.message)")
            #expect(status.message.contains("not even one fits"), "\(status.message)")
        }
    }

    @Test func manyVectors() throws {
        let model = try FakeModel.make(head: .none, hiddenSize: 1024)
        let kind = WorkOrder.Kind.embed(nil, normalize: false)
        let status = try #require(try refusal(model, kind, texts: 1024))
        #expect(status.message.contains("1024 texts"), "\(status.message)")
        #expect(status.message.contains("hidden size 1024"), "\(status.message)")
        #expect(try refusal(model, kind, texts: 1000) == nil)
        #expect(try refusal(model, .tokenize(specialTokens: true), texts: 1024) == nil)
    }

    /// As many as are said to have room, each number of them as long as it can be.
    @Test(arguments: [(1024, 0), (0, 600)])
    func whatIsAcceptedFits(hiddenSize: Int, labelCount: Int) throws {
        let names = Self.labels(labelCount, bytes: 200)
        let model = try FakeModel.make(
            head: names.isEmpty ? .none : .sequence, labels: names, hiddenSize: hiddenSize)
        let kind: WorkOrder.Kind =
            names.isEmpty ? .embed(nil, normalize: false) : .classify
        let refused = try #require(try refusal(model, kind, texts: 1024))
        let words = refused.message.split(separator: " ")
        let room = try #require(words.last { Int($0) != nil }.flatMap { Int($0) })
        #expect(try refusal(model, kind, texts: room) == nil)
        #expect(try refusal(model, kind, texts: room + 1) != nil)
        var writer = FrameWriter()
        if names.isEmpty {
            try writer.response(stream: 1, vectors(hiddenSize, texts: room))
        } else {
            try writer.response(stream: 1, results(names, texts: room))
        }
        #expect(writer.bytes.count > Limits.bodyBytes / 10 * 9, "it is nearly all that fits")
    }

    private static let timing = Timing(
        queuedNs: .max, computeNs: .max, batchTexts: .max, batchTokens: .max)

    private func vectors(_ hiddenSize: Int, texts: Int) -> EmbedResponse {
        let one = Embedding(
            values: Array(repeating: 0.5, count: hiddenSize), tokens: .max, truncated: true,
            tokensTotal: .max)
        return EmbedResponse(
            embeddings: Array(repeating: one, count: texts), model: "m", revision: "r1",
            timing: Self.timing)
    }

    private func results(_ labels: [String], texts: Int) -> ClassifyResponse {
        let one = Classification(
            label: labels[0], probability: 0.5,
            scores: labels.map { Score(label: $0, probability: 0.5, logit: 0.5) }, tokens: .max,
            truncated: true, abstained: true, tokensTotal: .max, windows: .max)
        return ClassifyResponse(
            results: Array(repeating: one, count: texts), model: "m", revision: "r1",
            timing: Self.timing)
    }

    /// Nothing of it is queued; in a stream what stands before it is answered first.
    @Test func itIsRefusedBeforeItCostsAnything() throws {
        let desk = try FrontDesk(model: FakeModel.make(labels: Self.wide))
        let client = try desk.connect()
        let many = ClassifyRequest(texts: Array(repeating: "a", count: 100))
        try client.writer.request(stream: 1, method: .classify, many)
        try client.open(3)
        try client.writer.data(stream: 3, many)
        desk.deliver(client)
        #expect(client.answers == ["1 RESOURCE_EXHAUSTED", "3 RESOURCE_EXHAUSTED"])
        #expect(desk.room.asked == 0 && desk.exchange.pending.isEmpty)
        #expect(desk.lines.all.contains { $0.contains("Classify: RESOURCE_EXHAUSTED, the answer") })
    }

    @Test func aRefusalNamesFewLabels() throws {
        let model = try FakeModel.make(labels: Self.labels(30, bytes: 2))
        let status = #expect(throws: Status.self) {
            try ExplainOrder(label: "none").check(against: model)
        }
        #expect(
            status?.message
                == "model m has no such label; it has 30, among them 0x, 1x, 2x, 3x, 4x, 5x, 6x,"
                + " 7x, 8x, 9x")
    }

    @Test func aModelWhoseLabelsDoNotFitTheWireIsRefused() throws {
        var room = LabelRoom()
        try room.take(["no", String(repeating: "y", count: Limits.nameBytes)])
        let long = #expect(throws: LoadFailure.self) {
            try room.take(["no", String(repeating: "y", count: Limits.nameBytes + 1)])
        }
        #expect(long?.text == "label 1 has 257 bytes: a label has at most 256")
        var alone = LabelRoom()
        let many = #expect(throws: LoadFailure.self) {
            try alone.take(Self.labels(16_500, bytes: 256))
        }
        #expect(many?.text.hasPrefix("its 16500 labels take") == true)
    }

    /// One answer of Status holds them all.
    @Test func modelsShareTheRoomForLabels() throws {
        var room = LabelRoom()
        try room.take(Self.labels(8000, bytes: 256))
        let second = #expect(throws: LoadFailure.self) {
            try room.take(Self.labels(8500, bytes: 256))
        }
        #expect(second?.text.contains("and those of the models before it take") == true)
        try room.take(Self.labels(7900, bytes: 256))
    }
}
