// Models from the cache of packed weights: found, made, refused, shared, and always the same bits.

import Encoder
import Numerics
import Syscalls
import TestSupport
import Testing
import Weights

@Suite struct PackedModels {
    /// Odd sizes on purpose: 36 and 52 are not multiples of a panel.
    private static let synthetic: SyntheticModel = {
        var model = SyntheticModel(
            BERTConfiguration(
                head: .sequence, hidden: 36, heads: 3, feedForward: 52, layers: 2, positions: 64,
                vocabulary: 100, labels: ["no", "yes", "maybe"]))
        model.seed = 3
        return model
    }()

    private static let texts: [[UInt32]] = [
        [2, 17, 3], Array(2..<50), [2, 99, 98, 97, 3], Array(repeating: 7, count: 33),
    ]

    /// A model folder and a cache folder, removed afterwards.
    private static func withModel(
        _ model: SyntheticModel = synthetic, _ body: (String, PackCache) throws -> Void
    ) throws {
        let folder = try TemporaryFolder("packed")
        let path = folder("model")
        try model.write(to: path)
        try body(path, PackCache(directory: folder("cache")))
    }

    private static func load(
        _ path: String, _ precision: Precision, _ cache: PackCache?
    ) throws -> (model: BERTModel, notices: [LoadNotice]) {
        var notices: [LoadNotice] = []
        let folder = try open(path, cache)
        let model = try BERTModel.load(folder: folder, precision: precision, cache: cache) {
            if case .packing = $0 { return }
            notices.append($0)
        }
        return (model, notices)
    }

    private static func open(_ path: String, _ cache: PackCache?) throws -> ModelFolder {
        let folder = try ModelFolder.open(path) { cache?.revision(of: $0, folder: path) }
        cache?.remember(folder)
        return folder
    }

    private static func logits(_ model: BERTModel, threads: Int) throws -> [[UInt32]] {
        let engine = try EncoderEngine(maxBatchTokens: 512, threads: threads)
        let together = try engine.run(model, texts, .logits).map { $0.map(\.bitPattern) }
        let alone = try texts.flatMap { try engine.run(model, [$0], .logits) }
        #expect(alone.map { $0.map(\.bitPattern) } == together)
        return together
    }

    private static func isPacked(_ notices: [LoadNotice]) -> Bool {
        if case .packed = notices.last { true } else { false }
    }

    private static func isMapped(_ notices: [LoadNotice]) -> Bool {
        if case .mapped = notices.last { notices.count == 1 } else { false }
    }

    /// Packed in memory, packed into the cache and mapped from it; one thread and two; alone and in
    /// a batch.
    @Test(arguments: Precision.allCases)
    func computesTheSameWhereverItLies(_ precision: Precision) throws {
        try Self.withModel { path, cache in
            let inMemory = try Self.load(path, precision, nil)
            let fresh = try Self.load(path, precision, cache)
            let mapped = try Self.load(path, precision, cache)
            #expect(Self.isPacked(fresh.notices) && Self.isMapped(mapped.notices))
            #expect(mapped.model.privateBytes == 0 && inMemory.model.privateBytes > 0)
            let wanted = try Self.logits(inMemory.model, threads: 1)
            for model in [inMemory.model, fresh.model, mapped.model] {
                for threads in [1, 2] {
                    #expect(try Self.logits(model, threads: threads) == wanted)
                }
            }
        }
    }

    @Test(arguments: Precision.allCases)
    func packsTheSameBytesEveryTime(_ precision: Precision) throws {
        try Self.withModel { path, cache in
            let other = PackCache(directory: cache.directory + "/other")
            let first = try Self.packedPath(path, precision, cache)
            let second = try Self.packedPath(path, precision, other)
            #expect(try readFile(first, limit: 1 << 24) == readFile(second, limit: 1 << 24))
            try PackedFile(first).verifyBlobs()
        }
    }

    private static func packedPath(
        _ path: String, _ precision: Precision, _ cache: PackCache
    ) throws -> String {
        _ = try load(path, precision, cache)
        return cache.packedPath(try open(path, cache), precision.geometry)
    }

    /// What a second process would map is the very file that the first has mapped.
    @Test func isSharedByAllWhoMapIt() throws {
        try Self.withModel { path, cache in
            let packed = try Self.packedPath(path, .bf16, cache)
            let before = try FileStatus(path: packed)
            _ = try Self.load(path, .bf16, cache)
            #expect(try FileStatus(path: packed) == before)
            #expect(before.mode == 0o644)
        }
    }

    @Test func replacesWhatItCannotUse() throws {
        try Self.withModel { path, cache in
            let packed = try Self.packedPath(path, .int8, cache)
            let sound = try readFile(packed, limit: 1 << 24)
            let wanted = try Self.logits(Self.load(path, .int8, cache).model, threads: 1)
            var damaged = sound
            damaged[66] ^= 4
            var older = sound
            older[12] = 0
            for bytes in [Array(sound.dropLast(100)), damaged, older, [], Array("foreign".utf8)] {
                try writeFileAtomically(packed, bytes: bytes)
                let (model, notices) = try Self.load(path, .int8, cache)
                guard case .unusable = notices.first else {
                    Issue.record("not told: \(notices)")
                    continue
                }
                #expect(Self.isPacked(notices))
                #expect(try Self.logits(model, threads: 1) == wanted)
                #expect(try readFile(packed, limit: 1 << 24) == sound)
            }
        }
    }

    /// A cache that is a file can never be written to.
    @Test func livesWithoutACache() throws {
        try Self.withModel { path, cache in
            try writeFileAtomically(cache.directory, bytes: [])
            let (model, notices) = try Self.load(path, .bf16, cache)
            guard case .notCached = notices.last else {
                Issue.record("not told: \(notices)")
                return
            }
            let plain = try Self.load(path, .bf16, nil).model
            #expect(try Self.logits(model, threads: 1) == Self.logits(plain, threads: 1))
        }
    }

    @Test func knowsAnUntouchedSourceAndSeesATouchedOne() throws {
        try Self.withModel { path, cache in
            let first = try Self.open(path, cache)
            #expect(cache.revision(of: first.source, folder: path) == first.revision)
            let weights = path + "/model.safetensors"
            let bytes = try readFile(weights, limit: 1 << 24)
            try writeFileAtomically(weights, bytes: bytes)
            let touched = try ModelFolder.open(path) { cache.revision(of: $0, folder: path) }
            #expect(touched.source != first.source && touched.revision == first.revision)
            var other = Self.synthetic
            other.seed = 4
            try other.write(to: path)
            #expect(try Self.open(path, cache).revision != first.revision)
        }
    }

    /// Releases side by side, of which a link names one: what was packed of a release goes with its
    /// folder, in every precision and layout, and what a check found stays.
    @Test func forgetsWhatWasPackedOfFoldersThatAreGone() throws {
        try Self.withModel { path, cache in
            let old = try Self.packedPath(path, .bf16, cache)
            let stem = String(old.dropLast("bf16-1.packed".count))
            let (layout, check) = (stem + "int8-0.packed", stem + "int8-1.checked")
            for file in [layout, check] { try writeFileAtomically(file, bytes: [1]) }
            let next = path + "-2"
            var other = Self.synthetic
            other.seed = 4
            try other.write(to: next)
            let new = try Self.packedPath(next, .bf16, cache)
            #expect([old, new, layout].allSatisfy(fileExists))
            try removeDirectoryTree(path)
            _ = try Self.open(next, cache)
            #expect(try listDirectory(cache.directory).count { $0.hasSuffix(".source") } == 1)
            #expect(![old, layout].contains(where: fileExists))
            #expect([new, check].allSatisfy(fileExists))
        }
    }

    /// A folder that only moved, below another one of the same name; and one whose record does not
    /// say where it is.
    @Test func keepsWhatAnotherFolderHas() throws {
        try Self.withModel { path, cache in
            let packed = try Self.packedPath(path, .bf16, cache)
            let above = path + "s"
            try Self.synthetic.write(to: above + "/model")
            try removeDirectoryTree(path)
            _ = try Self.open(above + "/model", cache)
            #expect(fileExists(packed))
            let record = #"{ "source": "", "revision": "0123456789abcdef0123456789abcdef" }"#
            let unnamed = cache.directory + "/model-0123456789abcdef.source"
            let kept = cache.directory + "/model-0123456789ab-f32-1.packed"
            try writeFileAtomically(unnamed, bytes: Array(record.utf8))
            try writeFileAtomically(kept, bytes: [1])
            _ = try Self.open(above + "/model", cache)
            #expect([unnamed, kept, packed].allSatisfy(fileExists))
        }
    }

    /// Trained models have a few dimensions of large magnitude: a scale for the whole tensor would
    /// lose everything beside them (FFN residuals); a scale a row and a token must not.
    @Test func eightBitsSurviveOutliers() throws {
        var model = SyntheticModel(
            BERTConfiguration(
                head: .sequence, hidden: 128, heads: 4, feedForward: 512, layers: 4, positions: 64,
                vocabulary: 500, labels: ["no", "yes"]))
        model.outliers = true
        try Self.withModel(model) { path, cache in
            let engine = try EncoderEngine(maxBatchTokens: 4096)
            let texts = (0..<60).map { text in
                (0..<(5 + text % 50)).map { UInt32((text * 131 + $0 * 37) % 500) }
            }
            let exact = try engine.run(Self.load(path, .f32, nil).model, texts, .logits)
            let rounded = try engine.run(Self.load(path, .int8, cache).model, texts, .logits)
            // Made-up logits lie closer together than a trained model's: those that are nearly
            // equal say nothing, and of the others one in twenty may tip.
            let margins = exact.map { ($0[0] - $0[1]).magnitude }.sorted()
            let clear = zip(exact, rounded).filter { wanted, _ in
                (wanted[0] - wanted[1]).magnitude >= margins[margins.count / 4]
            }
            let same = clear.count { wanted, got in (wanted[0] > wanted[1]) == (got[0] > got[1]) }
            #expect(same * 20 >= clear.count * 19, "\(same) of \(clear.count)")
        }
    }
}

@Suite struct PrecisionReasons {
    private static let passed = CheckRecord(
        texts: 5000, agreement: 0.9974, largestDifference: 0.4, meanDifference: 0.03, accepted: true
    )

    @Test func automaticIsExactEnough() throws {
        let folder = try TemporaryFolder("reasons")
        let cache = PackCache(directory: folder("cache"))
        try GoldenCase.all[0].model.write(to: folder.path)
        let model = try ModelFolder.open(folder.path)
        let richest = Kernels.best()
        let unchecked = ChosenPrecision(nil, for: model, cache: cache, kernels: richest)
        #expect(unchecked.precision != .int8)
        #expect(unchecked.precision == (richest.name == "avx512bf16" ? .bf16 : .f32))
        let scalar = try #require(Kernels(isa: "scalar"))
        #expect(ChosenPrecision(nil, for: model, cache: cache, kernels: scalar).precision == .f32)

        try cache.make()
        try Self.passed.write(cache.checkPath(model, Precision.int8.geometry))
        let checked = ChosenPrecision(nil, for: model, cache: cache, kernels: richest)
        if richest.name.hasPrefix("avx512") && richest.name != "avx512" {
            #expect(checked.precision == .int8)
            #expect(checked.reason.contains("99.7 % of 5000 texts"))
            #expect(checked.doubtBelow == 0)
            var careful = Self.passed
            (careful.doubtBelow, careful.secondLooks) = (0.25, 0.08)
            try careful.write(cache.checkPath(model, Precision.int8.geometry))
            let doubting = ChosenPrecision(nil, for: model, cache: cache, kernels: richest)
            #expect(doubting.doubtBelow == 0.25)
            #expect(doubting.reason.contains("8.0 % of them again in bf16"))
        }
        var refused = Self.passed
        refused.accepted = false
        try refused.write(cache.checkPath(model, Precision.int8.geometry))
        let chosen = ChosenPrecision(nil, for: model, cache: cache, kernels: richest)
        #expect(chosen == unchecked || chosen.reason.contains("only"))
        #expect(chosen.precision != .int8)
        let configured = ChosenPrecision(.int8, for: model, cache: nil, kernels: richest)
        #expect(configured.reason == "as configured; not checked against f32")
    }

    /// A record that could not be read again is not written.
    @Test func figuresThatAreNoFindingAreRefused() throws {
        let folder = try TemporaryFolder("reasons")
        let path = folder("int8.checked")
        try Self.passed.write(path)
        #expect(CheckRecord(path: path) == Self.passed)
        try removeFile(path)
        let figures: [WritableKeyPath<CheckRecord, Double>] = [
            \.agreement, \.largestDifference, \.meanDifference, \.doubtBelow, \.secondLooks,
        ]
        for figure in figures {
            for value in [Double.nan, .infinity, 1e31, -1] {
                var record = Self.passed
                record[keyPath: figure] = value
                let error = #expect(throws: WeightsError.self) { try record.write(path) }
                #expect(error?.kind == .notFinite && !fileExists(path))
            }
        }
    }

    /// What a maker has found counts for that very revision, until somebody checks here.
    @Test func aMakersCheckComesWithTheModel() throws {
        let folder = try TemporaryFolder("reasons")
        try GoldenCase.all[0].model.write(to: folder("m"))
        let model = try ModelFolder.open(folder("m"))
        let cache = PackCache(directory: folder("cache"))
        try cache.make()
        func chosen() -> ChosenPrecision {
            ChosenPrecision(.int8, for: model, cache: cache, kernels: .best())
        }
        try Self.passed.write(CheckRecord.shippedPath(model), revision: model.revision)
        #expect(try ModelFolder.open(folder("m")).revision == model.revision)
        #expect(chosen().reason == "as configured; agrees with f32 on 99.7 % of 5000 texts")
        var own = Self.passed
        own.texts = 70
        try own.write(cache.checkPath(model, Precision.int8.geometry))
        #expect(chosen().reason.contains("of 70 texts"))
        try removeFile(cache.checkPath(model, Precision.int8.geometry))
        for revision in [Revision(pieces: [1]), nil] {
            try Self.passed.write(CheckRecord.shippedPath(model), revision: revision)
            #expect(chosen().reason.contains("not checked"))
        }
    }
}
