// textflixlab pack: packed weights into the cache folder, and how far they are from f32.

import CommandLineTable
import Encoder
import Numerics
import Syscalls
import Weights

enum PackCommand {
    private static let precision = Option(
        "precision", .choice(["auto", "f32", "bf16", "int8"]), default: "auto", "to pack in")
    private static let directory = Option(
        "cache-dir", .folder("DIR"), "where packed weights are kept; default: as the daemon's")
    private static let check = Option(
        "check", .file("FILE"), "compare with f32 on the texts of a JSONL file")
    private static let field = Option(
        "text-field", .text("FIELD"), default: "text", "where an object of FILE has its text")
    private static let force = Option(
        "force", "pack again, and accept whatever the check finds")
    private static let lock = Option("lock", "see whether the system lets weights be pinned")
    private static let verify = Option("verify", "compare every byte with its checksum")

    static let command = Command(
        "pack", "pack a model's weights for the daemon",
        details: "The daemon does it by itself at its first start; here it can be done before, and "
            + "checked: --precision auto of the daemon takes int8 only where a check found the "
            + "same label as f32 for 99.5 % of the texts. Below that int8 is refused (status 65) "
            + "and its file removed, unless --force.",
        options: [precision, directory, check, field, force, lock, verify],
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
        let folder = try ModelFolder.open(path) { cache.revision(of: $0, folder: path) }
        cache.remember(folder)
        let wanted = Precision(rawValue: call.text(precision) ?? "")
        let chosen = ChosenPrecision(wanted, for: folder, cache: cache)
        let packed = cache.packedPath(folder, chosen.precision.geometry)
        if call.has(force), fileExists(packed) { try removeFile(packed) }
        line("precision", "\(chosen.precision.rawValue) (\(chosen.reason))")
        let model = try load(folder, chosen.precision, cache, call)
        if call.has(verify) { try verify(packed) }
        guard let file = call.text(check) else { return .success }
        let texts = try Reviews.texts(file, field: call.text(field) ?? "text")
        return try compare(model, folder, cache, texts, isForced: call.has(force))
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
        if let failure { throw WeightsError(.unreadable, cache.directory, failure) }
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
        _ model: BERTModel, _ folder: ModelFolder, _ cache: PackCache, _ texts: [[UInt8]],
        isForced: Bool
    ) throws -> ExitStatus {
        let geometry = model.precision.geometry
        let exact = try BERTModel.load(folder: folder, precision: .f32)
        let comparison = try PrecisionComparison(exact, model, folder: folder)
        try comparison.run(texts)
        guard var record = comparison.record else {
            throw WeightsError(.unsupported, folder.path, "no texts, or no head to compare")
        }
        let passes = model.precision != .int8 || record.agreement >= leastAgreement
        record.accepted = passes || isForced
        line("agreement", "\(record.share) have the label that f32 gives")
        let (largest, mean) = (record.largestDifference, record.meanDifference)
        line("difference", "largest of a logit \(largest), mean \(mean)")
        try record.write(cache.checkPath(folder, geometry))
        guard !record.accepted else { return .success }
        try removeFile(cache.packedPath(folder, geometry))
        printError("textflixlab: refused: less than 99.5 % agreement; use bf16, or --force\n")
        return .data
    }

    private static func line(_ name: String, _ value: String) {
        printOutput(name + String(repeating: " ", count: 14 - name.count) + value + "\n")
    }
}
