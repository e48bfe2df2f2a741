// What a point of a curve came from: texts, ids, base or vectors, and teachers.
//
// Invariant: a point whose inputs have another revision is another point. The experiment's file and
// the seed are not among them: they are the point's name. It runs nothing and parses no text.

internal import Syscalls
package import Weights

/// Of what files hold: each is read once.
package final class FileHashes {
    private var known: [String: UInt64] = [:]

    package init() {}

    func hashes(_ paths: [String?]) throws(WeightsError) -> [UInt64] {
        var hashes: [UInt64] = []
        for case let path? in paths { hashes.append(try hash(path)) }
        return hashes
    }

    private func hash(_ path: String) throws(WeightsError) -> UInt64 {
        if let hash = known[path] { return hash }
        do throws(Errno) {
            let file = try MappedFile(path)
            let hash = ContentHash.xxh64(file.bytes)
            known[path] = hash
            return hash
        } catch {
            throw WeightsError(.unreadable, path, error.message)
        }
    }
}

extension EncoderExperiment {
    /// Whether a run of this file, with the point's seed, learns the point's texts.
    package func learns(idsOf point: CurvePlan.Point) -> Bool {
        guard let ids = data.ids else { return false }
        return TrainingTexts.named(ids, UInt64(point.seed)) == point.ids
    }
}

extension Experiment {
    /// Of what a point's outcome depends on beside its file and seed: texts, ids, base or vectors,
    /// and teachers.
    /// - Throws: where one of them is gone.
    package func inputs(
        of point: CurvePlan.Point, _ files: FileHashes
    ) throws -> Revision {
        var pieces: [UInt64] = []
        switch self {
        case .baseline(let experiment):
            let data = experiment.data
            pieces = try files.hashes(
                [data.train, data.test, point.ids, experiment.model.vectors] + data.unlabelled)
            pieces += try Self.revisions(experiment.teaching?.settings.teachers ?? [])
        case .encoder(let experiment):
            let data = experiment.data
            pieces = try files.hashes([data.train, data.test, point.ids] + data.unlabelled)
            pieces += try Self.revisions(experiment.teachers(seed: UInt64(point.seed)))
            let base = try ModelFolder.open(experiment.model.base).revision
            pieces += [base.high, base.low]
        }
        return Revision(pieces: pieces)
    }

    private static func revisions(_ teachers: [String]) throws -> [UInt64] {
        var pieces: [UInt64] = []
        for teacher in teachers {
            let revision = try TeacherAnswers.revision(teacher)
            pieces += [revision.high, revision.low]
        }
        return pieces
    }
}
