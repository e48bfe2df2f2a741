// textflixlab pack: packed weights into the cache folder, and how far they are from f32.

import Baselines
import CommandLineTable
import Encoder
import Numerics
import Syscalls
import TextRuns
import Weights

enum PackCommand {
    private static let precision = Option(
        "precision", .choice(["auto", "f32", "bf16", "int8"]), default: "auto", "to pack in")
    private static let directory = Option(
        "cache-dir", .folder("DIR"), "where packed weights are kept; default: as the daemon's")
    private static let check = Option(
        "check", .file("FILE"), "compare with f32 on the texts of a JSON-lines or CSV file")
    private static let field = Option(
        "text-field", .text("FIELD"), default: "text", "where an object of FILE has its text")
    private static let label = Option(
        "label-field", .text("FIELD"), "tell the accuracy too, by the label that FILE has there")
    private static let force = Option(
        "force", "pack again, and accept whatever the check finds")
    private static let publish = Option(
        "publish", "write what int8's check finds beside the model")
    private static let lock = Option(
        "lock", hidden: true, "see whether the system lets weights be pinned")
    private static let verify = Option(
        "verify", hidden: true, "compare every byte with its checksum")

    static let command = Command(
        "pack", "pack a model's weights for the daemon",
        details: "The daemon does it at its first start; its --precision auto takes int8 only "
            + "where a check found the label of f32 for 99.5 % of the texts, those in doubt again "
            + "in bf16. Else, and where logits are not finite, it is refused (65).",
        options: [precision, directory, check, field, label, publish, force, lock, verify],
        operands: [Operand("DIR", "the model's folder")],
        examples: [
            Example("textflixlab pack --precision int8 --check reviews.jsonl DIR"),
            Example("textflixlab pack --precision bf16 --cache-dir /var/cache/textflix DIR"),
        ])

    /// The least share of texts whose label int8 must not change.
    private static let leastAgreement = 0.995

    static func run(_ call: Invocation) throws -> ExitStatus {
        guard let cache = call.text(directory).map(PackCache.init) ?? PackCache.usual() else {
            throw call.complaint("neither --cache-dir nor $HOME says where to keep packed weights")
        }
        let path = call.operands[0]
        guard !LinearTextModel.isFolder(path) else {
            throw call.complaint("\(path) is a linear model, which is served as it is")
        }
        let folder = try ModelFolder.open(path) { cache.revision(of: $0, folder: path) }
        cache.remember(folder)
        // What is wrong with the texts is said before the work.
        let reviews = try call.text(check).map {
            try Reviews(
                $0, textField: call.text(field) ?? "text", labelField: call.text(label),
                labels: folder.labels)
        }
        let wanted = Precision(rawValue: call.text(precision) ?? "")
        let chosen = ChosenPrecision(wanted, for: folder, cache: cache)
        let packed = cache.packedPath(folder, chosen.precision.geometry)
        if call.has(force), fileExists(packed) { try removeFile(packed) }
        line("precision", "\(chosen.precision.rawValue) (\(chosen.reason))")
        let model = try load(folder, chosen.precision, cache, call)
        if call.has(verify) { try verify(packed) }
        guard let reviews else { return .success }
        do {
            return try compare(model, folder, cache, reviews, call)
        } catch let error as WeightsError where error.kind == .notFinite {
            try discard(folder, model.precision, cache)
            throw error
        }
    }

    /// What was packed in a precision, and what a check before this one said of it.
    private static func discard(
        _ folder: ModelFolder, _ precision: Precision, _ cache: PackCache
    ) throws {
        let geometry = precision.geometry
        for path in [cache.packedPath(folder, geometry), cache.checkPath(folder, geometry)]
        where fileExists(path) { try removeFile(path) }
    }

    private static func load(
        _ folder: ModelFolder, _ precision: Precision, _ cache: PackCache, _ call: Invocation
    ) throws -> BERTModel {
        let started = MonotonicClock.now
        var failure: String?
        let model = try BERTModel.load(
            folder: folder, precision: precision, cache: cache, lock: call.has(lock)
        ) { notice in
            switch notice {
            case .packing: break
            case .notCached(let reason): failure = reason
            default: printOutput("\(notice)\n")
            }
        }
        if let failure { throw Failure(.cannotCreate, "weights cannot be packed: \(failure)") }
        line("loaded in", "\(MonotonicClock.now.since(started) / 1_000_000) ms")
        return model
    }

    private static func verify(_ path: String) throws {
        let started = MonotonicClock.now
        let file = try PackedFile(path)
        try file.verifyBlobs()
        let time = MonotonicClock.now.since(started) / 1_000_000
        line("verified", "\(file.entries.count) blobs, \(file.byteCount) bytes in \(time) ms")
    }

    private static func compare(
        _ model: BERTModel, _ folder: ModelFolder, _ cache: PackCache, _ reviews: Reviews,
        _ call: Invocation
    ) throws -> ExitStatus {
        let geometry = model.precision.geometry
        let exact = try PrecisionComparison(folder, reviews.texts)
        var comparison = try exact.compare(model)
        tell(comparison, reviews)
        var doubt: Float = 0
        if model.precision == .int8, comparison.agreement < leastAgreement,
            case .sequence = model.head
        {
            doubt = comparison.doubtBelow
            line("in doubt", "margins under \(doubt); those texts again in bf16:")
            let careful = try BERTModel.load(
                folder: folder, precision: .int8, cache: cache, doubtBelow: doubt)
            comparison = try exact.compare(careful)
            tell(comparison, reviews)
        }
        let record = record(of: comparison, model, doubt, isForced: call.has(force))
        try record.write(cache.checkPath(folder, geometry))
        if call.has(publish), model.precision == .int8 {
            try record.write(CheckRecord.shippedPath(folder), revision: folder.revision)
        }
        guard !record.accepted else { return .success }
        try removeFile(cache.packedPath(folder, geometry))
        printError("textflixlab: refused: less than 99.5 % agreement; use bf16, or --force\n")
        return .data
    }

    private static func record(
        of comparison: Comparison, _ model: BERTModel, _ doubt: Float, isForced: Bool
    ) -> CheckRecord {
        let passes = model.precision != .int8 || comparison.agreement >= leastAgreement
        return CheckRecord(
            texts: comparison.rows, agreement: comparison.agreement,
            largestDifference: comparison.largest, meanDifference: comparison.meanDifference,
            doubtBelow: Double(doubt),
            secondLooks: Double(comparison.secondLooks) / Double(comparison.rows),
            accepted: passes || isForced)
    }

    private static func tell(_ comparison: Comparison, _ reviews: Reviews) {
        func percent(_ share: Double) -> String { "\((share * 10_000).rounded() / 100) %" }
        line("agreement", "\(percent(comparison.agreement)) of \(comparison.rows) as f32")
        let (largest, mean) = (comparison.largest, comparison.meanDifference)
        line("difference", "largest of a logit \(largest), mean \(mean)")
        if comparison.secondLooks > 0 {
            let share = Double(comparison.secondLooks) / Double(comparison.rows)
            line("again", "\(percent(share)) of the texts")
        }
        if reviews.labels.count == comparison.rows {
            let accuracy = comparison.accuracy(reviews.labels)
            line("accuracy", "\(percent(accuracy.rounded)), f32 \(percent(accuracy.exact))")
        }
    }

    private static func line(_ name: String, _ value: String) {
        printOutput(name + String(repeating: " ", count: 14 - name.count) + value + "\n")
    }
}
