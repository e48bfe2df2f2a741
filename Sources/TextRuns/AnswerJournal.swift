// Answers kept in a file as they come, so that a long run that was interrupted goes on where it
// stopped.
//
//     {"textflix":"answers","of":"classify","model":"sentiment","revision":"1f0c…","options":""}
//     {"text":"9ae1c0…","label":"positive","scores":{"positive":0.97,…},"tokens":231,…}
//
// Invariant: an answer is used again only for the same text (FNV-1a, 64 bits), by the same revision
// of the model and with the same options (its precision is one of them), wherever in the input the
// text stands; a file about anything else is refused, never overwritten, and so is one that another
// run is writing. A text that occurs twice is kept once. A last line that was cut short is dropped.
// Mode 0600: it tells of texts, though it holds none.

package import JSONText
import Syscalls
package import TextflixProtocol

/// An answer that a journal can keep.
package protocol KeptAnswer {
    init?(kept: JSONNode)
    func keep(in record: inout JSONWriter)
}

/// What answers depend on, beside the text.
package struct JournalKey: Sendable, Equatable {
    package var question: String
    package var model: String
    package var revision: String
    package var options: String

    package init(question: String, model: String, revision: String, options: String) {
        self.question = question
        self.model = model
        self.revision = revision
        self.options = options
    }
}

package final class AnswerJournal<Answer: KeptAnswer> {
    private let path: String
    private let file: Descriptor
    /// A text's hash to what was answered.
    private var kept: [UInt64: Answer] = [:]
    private var writer = JSONWriter()

    /// How many answers an earlier run left.
    package var count: Int { kept.count }

    /// Opens or makes the file.
    package init(_ path: String, key: JournalKey) throws(Failure) {
        self.path = path
        do throws(Errno) {
            let file = try holdForAppending(path)
            let bytes = try readFile(path, limit: 1 << 30)
            let header = Self.header(key)
            // A run that was killed at once left a part of its first line.
            let isNew = bytes.count < header.count && header.starts(with: bytes)
            let read = Self.read(isNew ? header : bytes)
            guard read.key == key else { throw Errno.exists }
            kept = read.answers
            try cut(file, path, to: isNew ? 0 : read.length)
            if isNew { try writeAll(file.number, header) }
            self.file = file
        } catch { throw Self.failure(error, path) }
    }

    private static func failure(_ error: Errno, _ path: String) -> Failure {
        switch error {
        case .exists:
            Failure(
                .data,
                "\(path) holds other answers (of another model, revision, precision or options, or "
                    + "it is no such file); name another file, or remove it")
        case .wouldBlock:
            Failure(.tryAgain, "another run keeps its answers in \(path); name another file")
        default: Failure(.cannotCreate, "cannot keep answers: \(error.description)")
        }
    }

    package func known(_ item: TextItem) -> Answer? {
        kept[item.text.fingerprint]
    }

    /// Adds an answer, unless it came from here.
    package func keep(_ answer: Answer, of item: TextItem) throws(Failure) {
        let hash = item.text.fingerprint
        guard kept.updateValue(answer, forKey: hash) == nil else { return }
        writer.beginObject()
        writer.member("text", String(hash, radix: 16))
        answer.keep(in: &writer)
        writer.endObject()
        do throws(Errno) {
            try writeAll(file.number, writer.takeLine())
        } catch { throw Failure(.inputOutput, "keeping answers in \(path): \(error.message)") }
    }

    // MARK: - The file

    private static func header(_ key: JournalKey) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("textflix", "answers")
        writer.member("of", key.question)
        writer.member("model", key.model)
        writer.member("revision", key.revision)
        writer.member("options", key.options)
        writer.endObject()
        return writer.takeLine()
    }

    /// Whole lines up to the first that is none of ours.
    private static func read(
        _ bytes: [UInt8]
    ) -> (key: JournalKey?, answers: [UInt64: Answer], length: Int) {
        var answers: [UInt64: Answer] = [:]
        var key: JournalKey?
        var length = 0
        while let end = bytes[length...].firstIndex(of: UInt8(ascii: "\n")) {
            guard let node = try? JSONDocument.parse(Array(bytes[length..<end])) else { break }
            if key == nil {
                guard node["textflix"]?.string == "answers" else { break }
                key = JournalKey(
                    question: node["of"]?.string ?? "", model: node["model"]?.string ?? "",
                    revision: node["revision"]?.string ?? "",
                    options: node["options"]?.string ?? "")
            } else {
                guard let text = node["text"]?.string.flatMap({ UInt64($0, radix: 16) }),
                    let answer = Answer(kept: node)
                else { break }
                answers[text] = answer
            }
            length = end + 1
        }
        return (key, answers, length)
    }
}

extension Text {
    /// FNV-1a, 64 bits: what stands for a text where the text itself must not.
    package var fingerprint: UInt64 {
        utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

extension Classification: KeptAnswer {
    package init?(kept record: JSONNode) {
        guard let scores = record["scores"]?.object, let tokens = record["tokens"]?.int,
            let truncated = record["truncated"]?.bool
        else { return nil }
        let read = scores.compactMap { member in
            member.node.double.map { Score(label: member.nameText, probability: Float($0)) }
        }
        guard let best = read.max(by: { $0.probability < $1.probability }),
            read.count == scores.count
        else { return nil }
        self.init(
            label: record["label"]?.string ?? best.label, probability: best.probability,
            scores: read, tokens: UInt32(clamping: tokens), truncated: truncated,
            abstained: record["abstained"]?.bool ?? false,
            labelSet: (record["label_set"]?.array ?? []).compactMap(\.string))
    }

    package func keep(in record: inout JSONWriter) {
        record.member("label", label)
        record.key("scores")
        record.beginObject()
        for score in scores { record.member(score.label, score.probability) }
        record.endObject()
        record.member("tokens", tokens)
        record.member("truncated", truncated)
        record.doubts(self)
    }
}

extension JSONWriter {
    /// What a model that knows its limits says beside its answer; nothing of one that does not.
    package mutating func doubts(_ answer: Classification) {
        if answer.abstained { member("abstained", true) }
        guard !answer.labelSet.isEmpty else { return }
        member("label_set", answer.labelSet)
    }
}
