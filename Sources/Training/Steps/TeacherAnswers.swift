// Teachers' answers on unlabelled texts, asked for once and kept.
//
//     answers-1f0c-int8.jsonl    a line a text: {"id": "r7", "text_hash": "5be1…",
//                                    "scores": {"negative": 0.03, "positive": 0.97}}
//                                {..., "seconds": 0.2}     a part's time
//
// A teacher is a model folder, or a file of answers that was made elsewhere (`textflixctl classify
// --jsonl` writes such). A folder's answers are kept in a file too, part by part, so a run that is
// stopped asks only for the rest. Invariant: an answer is a distribution over the experiment's
// labels in their order, whatever order the teacher or a kept file has them in; an answer with a
// text hash (XXH64 of its bytes) is not used for another text with that id; one without is used
// where a single text has the id.

internal import Baselines
internal import Insight
internal import JSONText
internal import Numerics
internal import Syscalls
internal import Weights

struct TeacherAnswers {
    struct Answers {
        /// For each text a distribution, or nil where the teacher has none.
        var rows: [[Double]?] = []
        /// The time they took, over all runs that asked.
        var seconds = 0.0
    }

    let labels: [String]
    let precision: Precision
    let watch: TrainingWatch

    /// Texts asked together, between two looks at the watch.
    private static let partTexts = 512

    /// Of what a teacher answers: it differs for another model or another file.
    static func revision(_ teacher: String) throws -> Revision {
        guard isDirectory(teacher) else {
            let bytes = try readFile(teacher, limit: LabelledTexts.Limits.fileBytes)
            return Revision(pieces: [bytes.withUnsafeBytes { ContentHash.xxh64($0) }])
        }
        return LinearTextModel.isFolder(teacher)
            ? try LinearTextModel(folder: teacher).revision
            : try ModelFolder.open(teacher).revision
    }

    /// Refuses what could not teach, before anything is asked or learned.
    func check(_ teacher: String) throws {
        try refusePipes([teacher])
        guard fileExists(teacher) else {
            throw WeightsError(.unreadable, teacher, "the teacher is not there")
        }
        if isDirectory(teacher) {
            _ = try order(FolderClassifier.labels(of: teacher), teacher)
        } else if try answers(inFile: teacher).isEmpty {
            throw WeightsError(.malformed, teacher, "there is no answer in it")
        }
    }

    /// Refuses a file whose answers cannot be told to belong to one of these texts alone.
    func check(_ file: String, _ texts: UnlabelledTexts) throws {
        try refuseSharedIDs(texts, answers(inFile: file), file)
    }

    /// One a teacher. A text needs all teachers' answers, so no model is asked about a text that a
    /// file lacks.
    /// - Parameter folder: where the file is for what a model answers.
    func ask(
        _ teachers: [String], _ texts: UnlabelledTexts, keepIn folder: String
    ) throws -> [Answers] {
        var places = Array(texts.texts.indices)
        var ofFiles: [String: Answers] = [:]
        for file in teachers where !isDirectory(file) {
            let rows = try answers(ofFile: file, texts)
            places.removeAll { rows[$0] == nil }
            ofFiles[file] = Answers(rows: rows)
        }
        let asked = texts.chosen(places)
        return try teachers.map { teacher in
            if let answers = ofFiles[teacher] { return answers }
            var answers = try ask(model: teacher, asked, keepIn: folder)
            var rows = [[Double]?](repeating: nil, count: texts.count)
            for (place, row) in zip(places, answers.rows) { rows[place] = row }
            answers.rows = rows
            return answers
        }
    }

    private func ask(
        model teacher: String, _ texts: UnlabelledTexts, keepIn folder: String
    ) throws -> Answers {
        let revision = try Self.revision(teacher).short
        let keep = "\(folder)/answers-\(revision)-\(precision.rawValue).jsonl"
        var (answers, length) = keptAnswers(keep, texts)
        guard answers.rows.count < texts.count else { return answers }
        let classifier = try FolderClassifier(teacher, precision: precision)
        let order = try order(classifier.labels, teacher)
        var asked = 0
        let begun = MonotonicClock.now
        while answers.rows.count < texts.count {
            if watch.asksToStop() { throw TrainingInterruption(checkpoint: keep) }
            let started = MonotonicClock.now
            let places = answers.rows.count..<min(texts.count, answers.rows.count + Self.partTexts)
            let rows = try classifier.probabilities(Array(texts.texts[places]))
                .map { row in order.map { row[$0] } }
            let seconds = Double(MonotonicClock.now.since(started)) / 1e9
            let lines = zip(places, rows).flatMap { place, row in
                Self.line(
                    texts.ids[place], texts.texts[place], row, labels,
                    seconds: place == places.last ? seconds : nil)
            }
            let file = try openForAppending(keep, keeping: length)
            try lines.withUnsafeBytes { try file.writeAll($0) }
            length += lines.count
            answers.rows += rows.map(normalised)
            answers.seconds += seconds
            asked += places.count
            let pace = Double(MonotonicClock.now.since(begun)) / 1e9 / Double(asked)
            let left = pace * Double(texts.count - places.upperBound)
            watch.tell(
                "teacher: \(places.upperBound) of \(texts.count) texts, "
                    + "\(Int(left.rounded())) s left")
        }
        return answers
    }

    /// The place of each of our labels among the teacher's.
    private func order(_ theirs: [String], _ teacher: String) throws -> [Int] {
        let order = labels.compactMap { theirs.firstIndex(of: $0) }
        guard order.count == labels.count, theirs.count == labels.count else {
            throw WeightsError(
                .mismatch, teacher,
                "the teacher's labels are \(theirs.joined(separator: ", ")), the experiment's "
                    + labels.joined(separator: ", "))
        }
        return order
    }

    /// Of a file of answers.
    static func line(
        _ id: String, _ text: [UInt8], _ row: [Double], _ labels: [String],
        seconds: Double? = nil
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("id", id)
        json.member("text_hash", hash(text))
        json.key("scores")
        json.beginObject()
        for (label, value) in zip(labels, row) { json.member(label, value) }
        json.endObject()
        if let seconds { json.member("seconds", seconds) }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func hash(_ text: [UInt8]) -> String {
        Revision.hexadecimal(text.withUnsafeBytes { ContentHash.xxh64($0) })
    }

    /// The whole lines of a file that was begun, as far as they are these texts', and their bytes.
    private func keptAnswers(
        _ path: String, _ texts: UnlabelledTexts
    ) -> (answers: Answers, length: Int) {
        var answers = Answers()
        var length = 0
        guard let bytes = try? readFile(path, limit: LabelledTexts.Limits.fileBytes) else {
            return (answers, length)
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // Whatever follows the last line end was cut off in writing.
        for line in lines.dropLast() {
            guard answers.rows.count < texts.count, let node = try? JSONDocument.parse(Array(line)),
                node["id"]?.string == texts.ids[answers.rows.count],
                node["text_hash"]?.string == Self.hash(texts.texts[answers.rows.count]),
                let row = distribution(node["scores"])
            else { break }
            answers.rows.append(row)
            answers.seconds += node["seconds"]?.double ?? 0
            length += line.count + 1
        }
        return (answers, length)
    }

    private func answers(ofFile path: String, _ texts: UnlabelledTexts) throws -> [[Double]?] {
        let known = try answers(inFile: path)
        try refuseSharedIDs(texts, known, path)
        return texts.ids.indices.map { place in
            known[texts.ids[place]]?.row(Self.hash(texts.texts[place]))
        }
    }

    /// By ids.
    private func answers(inFile path: String) throws(WeightsError) -> [String: AnswersToID] {
        var known: [String: AnswersToID] = [:]
        try forEachRecord(path, columns: ["id"]) { node, _ throws(LineError) in
            guard let id = node["id"]?.scalarText else { throw LineError(message: "no \"id\"") }
            let row = try answer(node)
            let hash = node["text_hash"]?.string
            guard known[id, default: AnswersToID()].take(row, hash) else {
                throw LineError(message: "another answer to \"\(id.prefix(40))\"")
            }
        }
        return known
    }

    /// Of a line. Scores that sum to something else than 1 were not given to labels of which one is
    /// right; probabilities are somebody's own, and may be counts.
    private func answer(_ line: JSONNode) throws(LineError) -> [Double] {
        guard let row = numbers(line["probabilities"] ?? line["scores"]) else {
            throw LineError(
                message: "neither \"probabilities\" [\(labels.count)] nor \"scores\" of "
                    + labels.joined(separator: ", "))
        }
        guard line["probabilities"] != nil || row.isDistribution else {
            throw LineError(
                message: "the scores sum to \(row.reduce(0, +)), not to 1: a model that gives each "
                    + "label a probability of its own does not teach")
        }
        return normalised(row)
    }

    /// Texts of two files may have one id, their number: the hash, where there is one, tells them
    /// apart.
    private struct AnswersToID {
        /// By the text's hash; of no hash: to whatever text has the id.
        private var rows: [String?: [Double]] = [:]
        private var areEqual = true

        /// False: another answer was given to the same text.
        mutating func take(_ row: [Double], _ hash: String?) -> Bool {
            areEqual = areEqual && rows.first?.value ?? row == row
            let isToAny = hash == nil || rows[.none] != nil
            guard isToAny ? areEqual : rows[hash] ?? row == row else { return false }
            rows[hash] = row
            return true
        }

        func row(_ hash: String) -> [Double]? { rows[hash] ?? rows[.none] }

        /// Whether the id alone says which text the answer is to.
        var isToAnyText: Bool { rows[.none] != nil }
    }

    private func refuseSharedIDs(
        _ texts: UnlabelledTexts, _ known: [String: AnswersToID], _ path: String
    ) throws {
        var places: [String: Int] = [:]
        for (place, id) in texts.ids.enumerated() where known[id]?.isToAnyText == true {
            if let other = places.updateValue(place, forKey: id),
                texts.texts[other] != texts.texts[place]
            {
                throw WeightsError(
                    .mismatch, path,
                    "two unlabelled texts have the id \"\(id.prefix(40))\": answers without a "
                        + "text_hash need ids of their own")
            }
        }
    }

    private func distribution(_ node: JSONNode?) -> [Double]? { numbers(node).map(normalised) }

    /// None is negative, and not all are 0.
    /// - Parameter node: in the experiment's order of labels, or by their names.
    private func numbers(_ node: JSONNode?) -> [Double]? {
        let row =
            node?.array?.compactMap(\.double) ?? labels.compactMap { node?[$0]?.double }
        let sum = row.reduce(0, +)
        guard row.count == labels.count, row.allSatisfy({ $0 >= 0 }), sum > 0, sum.isFinite
        else { return nil }
        return row
    }

    /// New and re-read answers go through the same division, so they are the same bits.
    private func normalised(_ row: [Double]) -> [Double] {
        let sum = row.reduce(0, +)
        return row.map { $0 / sum }
    }
}
