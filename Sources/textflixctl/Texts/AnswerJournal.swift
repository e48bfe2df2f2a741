// Answers kept in a file as they come, so that a long run that was interrupted goes on where it
// stopped.
//
//     {"textflix":"answers","of":"classify","model":"sentiment","revision":"1f0c…","options":""}
//     {"line":1,"text":"9ae1c0…","label":"positive","scores":{"positive":0.97,…},"tokens":231,…}
//
// Invariant: an answer is used again only for the same line with the same text (FNV-1a, 64 bits),
// by the same revision of the model and with the same options; a file about anything else is
// refused, never overwritten. A last line that was cut short is dropped. Mode 0600: it tells of
// texts, though it holds none.

import CommandLineTable
import JSONText
import Syscalls
import TextflixProtocol

/// An answer that a journal can keep.
protocol KeptAnswer {
    init?(kept: JSONNode)
    func keep(in record: inout JSONWriter)
}

/// What answers depend on, beside the text.
struct JournalKey: Sendable, Equatable {
    var question: String
    var model: String
    var revision: String
    var options: String
}

final class AnswerJournal<Answer: KeptAnswer> {
    private let path: String
    private let file: Descriptor
    /// Line number to what was answered.
    private var kept: [Int: (text: UInt64, answer: Answer)] = [:]
    private var writer = JSONWriter()

    /// How many answers an earlier run left.
    var count: Int { kept.count }

    /// Opens or makes the file.
    init(_ path: String, key: JournalKey) throws(Failure) {
        self.path = path
        do throws(Errno) {
            let bytes = fileExists(path) ? try readFile(path, limit: 1 << 30) : []
            let read = Self.read(bytes)
            if !bytes.isEmpty, read.key != key {
                throw Errno.exists
            }
            kept = read.answers
            file = try openForAppending(path, keeping: read.length)
            if read.length == 0 { try writeAll(file.number, Self.header(key)) }
        } catch {
            guard error == .exists else {
                throw Failure(.cannotCreate, "cannot keep answers: \(error.description)")
            }
            throw Failure(
                .data,
                "\(path) holds other answers (of another model, revision or options, or it is no "
                    + "such file); name another file, or remove it")
        }
    }

    func known(_ item: TextItem) -> Answer? {
        guard let entry = kept[item.number], entry.text == Self.hash(item.text.utf8) else {
            return nil
        }
        return entry.answer
    }

    /// Adds an answer, unless it came from here.
    func keep(_ answer: Answer, of item: TextItem) throws(Failure) {
        let hash = Self.hash(item.text.utf8)
        if let entry = kept.removeValue(forKey: item.number), entry.text == hash { return }
        writer.beginObject()
        writer.key("line")
        writer.int(item.number)
        writer.key("text")
        writer.string(String(hash, radix: 16))
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
        for (name, value) in [
            ("textflix", "answers"), ("of", key.question), ("model", key.model),
            ("revision", key.revision), ("options", key.options),
        ] {
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        return writer.takeLine()
    }

    /// Whole lines up to the first that is none of ours.
    private static func read(
        _ bytes: [UInt8]
    ) -> (key: JournalKey?, answers: [Int: (text: UInt64, answer: Answer)], length: Int) {
        var answers: [Int: (text: UInt64, answer: Answer)] = [:]
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
                guard let line = node["line"]?.int,
                    let text = node["text"]?.string.flatMap({ UInt64($0, radix: 16) }),
                    let answer = Answer(kept: node)
                else { break }
                answers[line] = (text, answer)
            }
            length = end + 1
        }
        return (key, answers, length)
    }

    private static func hash(_ text: [UInt8]) -> UInt64 {
        text.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

extension Classification: KeptAnswer {
    init?(kept record: JSONNode) {
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

    func keep(in record: inout JSONWriter) {
        record.key("label")
        record.string(label)
        record.key("scores")
        record.beginObject()
        for score in scores {
            record.key(score.label)
            record.float(score.probability)
        }
        record.endObject()
        record.key("tokens")
        record.int(tokens)
        record.key("truncated")
        record.bool(truncated)
        record.doubts(self)
    }
}

extension JSONWriter {
    /// What a model that knows its limits says beside its answer; nothing of one that does not.
    mutating func doubts(_ answer: Classification) {
        if answer.abstained {
            key("abstained")
            bool(true)
        }
        guard !answer.labelSet.isEmpty else { return }
        key("label_set")
        beginArray()
        for label in answer.labelSet { string(label) }
        endArray()
    }
}
