// All texts that a run may learn from, and how they were kept apart from the rest.
//
//     labelled file, ids ──> labelled ──┬─ train     learned from
//                                       └─ dev       stopping and temperature
//     unlabelled files ────> unlabelled              texts alone
//     test file ───────────> fingerprints            equal texts leave all of the above
//
// Invariant: `train` and `dev` have the labels of the listed ids and of no other text (a line whose
// id is not listed is passed over before its label is looked at); `unlabelled` has none; no text
// here equals one of the test file. Copies of a text are on one side of the split, which depends on
// the seed, the texts and their labels alone.

internal import Randomness
package import Weights

package struct TrainingTexts: Sendable {
    package private(set) var train = LabelledTexts()
    package private(set) var dev = LabelledTexts()
    package private(set) var unlabelled = UnlabelledTexts()
    /// Labelled and unlabelled texts that equal a test or held-out text, and were left out.
    package private(set) var droppedLabelled = 0
    package private(set) var droppedUnlabelled = 0
    /// Labelled texts whose first copy has another label.
    package private(set) var conflicting = 0
    /// Of ids, texts and labels that were learned from, and of the unlabelled texts.
    package private(set) var hash = Revision(pieces: [])
    /// Of either alone: what a step depends on that reads nothing else.
    private(set) var labelledHash = Revision(pieces: [])
    private(set) var unlabelledHash = Revision(pieces: [])

    /// - Parameter reads: whether unlabelled texts are wanted.
    package init(
        _ data: EncoderExperiment.Texts, seed: UInt64, unlabelled reads: Bool
    ) throws(WeightsError) {
        try data.refusePipes()
        var tests = TextFingerprints()
        if let path = data.test {
            tests = try TextFingerprints(path: path, textField: data.fields.text)
        }
        var labelled = LabelledTexts()
        if let path = data.train {
            let all = try Self.listed(path, data, seed)
            labelled = all.without(tests)
            droppedLabelled = all.count - labelled.count
            try split(labelled, path, data, seed)
        }
        if reads {
            let all = try UnlabelledTexts(
                paths: data.unlabelled, textField: data.fields.text, idField: data.fields.id)
            let held = TextFingerprints(dev.texts)
            let free = all.texts.indices.filter {
                !tests.contains(all.texts[$0]) && !held.contains(all.texts[$0])
            }
            droppedUnlabelled = all.count - free.count
            unlabelled = all.chosen(free)
        }
        let (known, free) = (Self.pieces(labelled), Self.pieces(self.unlabelled))
        labelledHash = Revision(pieces: known)
        unlabelledHash = Revision(pieces: free)
        hash = Revision(pieces: known + free)
    }

    /// The unlabelled texts that a step asks for: so many at most, drawn by its seed.
    package func drawn(by step: TrainingStep, seed: UInt64) -> UnlabelledTexts {
        switch step {
        case .masked(let settings): unlabelled.drawn(settings.texts, seed: seed)
        case .distil(let settings): unlabelled.drawn(settings.teaching.texts, seed: seed)
        case .frozen, .tune: UnlabelledTexts()
        }
    }

    /// `{seed}` in a path is the seed's number.
    package static func named(_ path: String, _ seed: UInt64) -> String {
        path.split(separator: "{seed}", omittingEmptySubsequences: false)
            .joined(separator: String(seed))
    }

    private static func listed(
        _ path: String, _ data: EncoderExperiment.Texts, _ seed: UInt64
    ) throws(WeightsError) -> LabelledTexts {
        let only = try data.ids.map { path throws(WeightsError) in
            try readIdentifiers(named(path, seed))
        }
        return try LabelledTexts(path: path, fields: data.fields, labels: data.labels, only: only)
    }

    private mutating func split(
        _ labelled: LabelledTexts, _ path: String, _ data: EncoderExperiment.Texts, _ seed: UInt64
    ) throws(WeightsError) {
        var random = RandomSource(seed: seed ^ 0x5EED_0DE7)
        // Copies of a text go with the first of them, whatever their labels.
        let firsts = TextFingerprints.firstPlaces(labelled.texts)
        conflicting = firsts.indices.count { labelled.truths[$0] != labelled.truths[firsts[$0]] }
        let copies = Dictionary(grouping: labelled.texts.indices) { firsts[$0] }
        var held: Set<Int> = []
        for label in data.labels.indices {
            let all = labelled.truths.indices.filter { labelled.truths[$0] == label }
            var places = all.filter { firsts[$0] == $0 }
            guard !all.isEmpty else {
                throw WeightsError(
                    .mismatch, path,
                    "no text has the label \"\(data.labels[label])\": each label needs some; "
                        + "\(droppedLabelled) equal a test text and are left out")
            }
            random.shuffle(&places)
            let wanted = Int((data.devShare * Double(all.count)).rounded())
            var count = 0
            for place in places.dropLast() {
                let group = copies[place] ?? []
                guard count + group.count <= wanted else { continue }
                held.formUnion(group)
                count += group.count
            }
        }
        dev = labelled.chosen(held.sorted())
        train = labelled.chosen(labelled.truths.indices.filter { !held.contains($0) })
        for label in data.labels.indices where !train.truths.contains(label) {
            throw WeightsError(
                .mismatch, path,
                "all texts with the label \"\(data.labels[label])\" equal texts with others, which "
                    + "are held out, and none is left to learn from: give different ones, or a "
                    + "smaller dev_share")
        }
    }

    private static func pieces(_ labelled: LabelledTexts) -> [UInt64] {
        labelled.texts.indices.flatMap { place in
            [
                piece(labelled.ids[place].utf8), piece(labelled.texts[place]),
                UInt64(labelled.truths[place]),
            ]
        }
    }

    private static func pieces(_ unlabelled: UnlabelledTexts) -> [UInt64] {
        unlabelled.texts.indices.flatMap { place in
            [piece(unlabelled.ids[place].utf8), piece(unlabelled.texts[place])]
        }
    }

    private static func piece(_ bytes: some Sequence<UInt8>) -> UInt64 {
        Array(bytes).withUnsafeBytes { ContentHash.xxh64($0) }
    }
}

extension EncoderExperiment.Texts {
    /// Each seed reads them, whatever looks for a finished run, and often two of them are one file.
    func refusePipes() throws(WeightsError) {
        try Training.refusePipes([train, test] + unlabelled)
    }
}

extension LabelledTexts {
    init() {}

    /// The texts of those places, in that order.
    func chosen(_ places: [Int]) -> LabelledTexts {
        var some = LabelledTexts()
        some.ids = places.map { ids[$0] }
        some.texts = places.map { texts[$0] }
        some.truths = places.map { truths[$0] }
        return some
    }

    /// Those that equal none of the others.
    func without(_ others: TextFingerprints) -> LabelledTexts {
        chosen(texts.indices.filter { !others.contains(texts[$0]) })
    }
}
