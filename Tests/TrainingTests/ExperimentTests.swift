// What an experiment's file may say, what it may not, and how rates follow from it.

import Numerics
import Syscalls
import TestSupport
import Testing
import Training
import Weights

@Suite struct ExperimentTests {
    private static let data = "data:{train:'a.jsonl',unlabelled:['b.jsonl']}"
    private static let model = "model:{kind:'encoder',base:'base'}"

    private func experiment(_ text: String) throws -> EncoderExperiment? {
        let folder = try TrainingFolder()
        let path = try folder.write("e.json5", text)
        guard case .encoder(let experiment) = try Experiment(path: path, texts: "/texts") else {
            return nil
        }
        return experiment
    }

    @Test func bf16IsLearnedWhereTheProcessorHasIt() {
        for kernels in Kernels.all {
            let hasIt = kernels.name == "avx512bf16"
            #expect(Precision.bf16.learned(by: kernels) == (hasIt ? .bf16 : .f32))
            #expect(Precision.f32.learned(by: kernels) == .f32)
        }
    }

    @Test func everythingHasAPlace() throws {
        let read = try experiment(
            """
            { data: { train: "train.jsonl", test: "test.jsonl", unlabelled: ["train.jsonl"],
                ids: "subsets/500-s{seed}.txt", dev_share: 0.1 },
              model: { kind: "encoder", base: "/models/minilm", pooling: "cls", max_tokens: 128,
                truncation: "head", precision: "bf16", weights: "bf16", answers: "int8" },
              steps: [
                { do: "masked", epochs: 1, texts: 1000, max_tokens: 64 },
                { do: "tune", train: "full", updates: 70, batch: 32, rate: 1e-4, head_rate: 1e-3,
                  layer_decay: 0.9, schedule: "cosine", warmup: 0.2, unfreeze: 2, clip: 0,
                  label_smoothing: 0.1, dropout: 0.2, fresh_layers: 1, patience: 2,
                  keep: "last" },
                { do: "distil", teacher: "previous", from: "base", train: "lora", rank: 4,
                  targets: ["query", "output"], confidence: 0.9, temperature: 2, balanced: true },
              ],
              coverage: 0.9, seeds: [0, 1], output: "/out", checkpoint_seconds: 60 }
            """)
        let experiment = try #require(read)
        #expect(experiment.data.train == "/texts/train.jsonl" && experiment.data.devShare == 0.1)
        #expect(experiment.model.base == "/models/minilm" && experiment.model.pooling == .cls)
        #expect(experiment.seeds == [0, 1] && experiment.output == "/out")
        #expect(experiment.coverage == 0.9 && experiment.model.answers == .int8)
        let fit = try #require(experiment.steps[1].fit)
        #expect(fit.length == .updates(70) && fit.clip == nil && fit.headDropout == 0.2)
        #expect(fit.keep == .last)
        guard case .distil(let distil) = experiment.steps[2] else {
            Issue.record("another case")
            return
        }
        #expect(distil.teaching.teachers == ["previous"] && distil.teaching.isBalanced)
        #expect(distil.fit.start == .base)
        #expect(distil.fit.adapter?.rank == 4 && distil.fit.adapter?.alpha == 8)
    }

    @Test(arguments: [
        ("\(data),\(model),output:'o'", "steps, a list"),
        ("\(data),\(model),steps:[{do:'tune',rates:1}],output:'o'", #"unknown key "rates""#),
        ("\(data),\(model),steps:[{do:'sing'}],output:'o'", "do must be one of"),
        ("\(data),\(model),steps:[{}],output:'o'", "do is missing"),
        ("\(data),\(model),steps:['tune'],output:'o'", "steps must be a list of objects"),
        ("\(data),\(model),steps:[{do:'tune'}]", "output"),
        ("\(data),\(model),steps:[{do:'tune'},{do:'masked'}],output:'o'", "must make a class"),
        ("\(data),\(model),steps:[{do:'distil'}],output:'o'", "teacher is missing"),
        (
            "\(data),\(model),steps:[{do:'distil',teacher:'previous'}],output:'o'",
            "the step before makes no classifier"
        ),
        (
            "\(data),\(model),steps:[{do:'tune'},{do:'masked'},{do:'distil',teacher:'previous'}],"
                + "output:'o'", "the step before makes no classifier"
        ),
        (
            "data:{train:'a'},\(model),steps:[{do:'distil',teacher:'t'}],output:'o'",
            "learns from unlabelled texts"
        ),
        (
            "\(data),\(model),steps:[{do:'tune',train:'lora'},{do:'tune'}],output:'o'",
            "must be the last one"
        ),
        ("\(data),\(model),steps:[{do:'tune',rank:4}],output:'o'", "goes with"),
        (
            "\(data),\(model),steps:[{do:'tune',train:'lora',fresh_layers:1}],output:'o'",
            "they go with train"
        ),
        (
            "\(data),\(model),steps:[{do:'tune',train:'lora',targets:['all']}],output:'o'",
            "targets are of query"
        ),
        ("\(data),\(model),steps:[{do:'tune',epochs:1,updates:2}],output:'o'", "give one"),
        ("\(data),\(model),steps:[{do:'tune',updates:1,max_updates:2}],output:'o'", "with epochs"),
        ("\(data),\(model),steps:[{do:'tune',min_updates:3,max_updates:2}],output:'o'", "is more"),
        ("\(data),\(model),steps:[{do:'tune'}],seeds:[1,1],output:'o'", "seeds must be"),
        (
            "data:{train:'a',dev_share:0},\(model),steps:[{do:'tune'}],coverage:0.9,output:'o'",
            "coverage needs held-out texts"
        ),
        (
            "\(data),model:{kind:'encoder',base:'b',head:'pooler',pooling:'cls'},"
                + "steps:[{do:'tune'}],output:'o'", "pooling goes with the linear head"
        ),
        ("\(data),model:{kind:'encoder'},steps:[{do:'tune'}],output:'o'", "base, the folder"),
        (
            "\(data),model:{kind:'encoder',base:'b',answers:'int4'},steps:[{do:'tune'}],output:'o'",
            "answers must be one of \"f32\""
        ),
        ("data:{train:'a',labels:['x']},\(model),steps:[{do:'tune'}],output:'o'", "at least two"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ words: String) throws {
        let error = #expect(throws: WeightsError.self) { try experiment("{" + text + "}") }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
        #expect(error?.message.contains("line 1, column") == true)
    }

    @Test(arguments: [
        "label_smoothing:0.1", "patience:2", "evaluations:2", "keep:'last'", "head_dropout:0.2",
    ])
    func whatMaskedWordsHaveNoUseForIsRefused(_ member: String) throws {
        let steps = "steps:[{do:'masked',\(member)},{do:'tune',\(member)}]"
        let error = #expect(throws: WeightsError.self) {
            try experiment("{\(Self.data),\(Self.model),\(steps),output:'o'}")
        }
        let key = member.prefix { $0 != ":" }
        #expect(error?.message.contains("\(key) is for steps that learn labels") == true)
    }

    @Test func maskedWordsAloneMakeAnEncoder() throws {
        let read = try experiment(
            "{data:{unlabelled:['b.jsonl'],test:'t.jsonl'},\(Self.model),steps:[{do:'masked'}],"
                + "output:'o'}")
        let experiment = try #require(read)
        #expect(!experiment.makesClassifier && experiment.data.labels.isEmpty)
        #expect(experiment.data.train == nil && experiment.data.test == "/texts/t.jsonl")
    }

    @Test(arguments: [
        ("data:{train:'a',unlabelled:['b']}", "", "train is for labelled texts"),
        ("data:{unlabelled:['b'],labels:['a','b']}", "", "labels is for labelled texts"),
        ("data:{unlabelled:['b'],dev_share:0.1}", "", "dev_share is for labelled texts"),
        ("data:{test:'t'}", "", "learns from unlabelled texts"),
        ("data:{unlabelled:['b']}", ",coverage:0.9", "coverage is for classifiers"),
        (
            "data:{unlabelled:['b']},model:{kind:'encoder',base:'b',answers:'int8'}", "",
            "answers is"
        ),
    ])
    func whatAnEncoderHasNoUseForIsRefused(_ data: String, _ more: String, _ words: String) throws {
        let model = data.contains("model") ? "" : ",\(Self.model)"
        let error = #expect(throws: WeightsError.self) {
            try experiment("{\(data)\(model),steps:[{do:'masked'}],output:'o'\(more)}")
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
    }

    @Test func theReadyOnesAreRead() throws {
        let folder = Checkout.root + "/deploy/experiments"
        let files = try listDirectory(folder).filter { $0.hasSuffix(".json5") }
        #expect(files.count > 10)
        for file in files where !file.hasPrefix("curve") {
            #expect(throws: Never.self, "\(file)") { try Experiment(path: folder + "/" + file) }
        }
        let texts = try TrainingFolder()
        try makeDirectory(texts.path + "/subsets")
        func ids(_ count: Int) -> String { (1...count).map { "r\($0)\n" }.joined() }
        try texts.write("subsets/500-s1.txt", ids(500))
        let plan = try CurvePlan(path: folder + "/curve.json5", texts: texts.path)
        #expect(plan.points.count == plan.models.count && plan.points[0].seed == 1)
        let whole = plan.models.count { $0.labels?.contains(10) ?? true }
        try texts.write("subsets/10-s1.txt", ids(10))
        let two = try CurvePlan(path: folder + "/curve.json5", texts: texts.path)
        #expect(two.points.count == plan.models.count + whole && whole < plan.models.count)
        let reported = plan.reported[0].points.first { $0.labels == 500 }
        #expect(reported?.accuracy == 91 && reported?.deviation == nil)
        let results = try CurvePlan(path: folder + "/curve-results.json5")
        #expect(results.models.isEmpty && results.points.isEmpty && !results.reported.isEmpty)
        #expect(results.reported.contains { $0.points.contains { $0.deviation != nil } })
    }

    @Test func aPointOfACurveWritesNothingForOthers() throws {
        let folder = try TrainingFolder()
        try makeDirectory(folder.path + "/ids")
        try folder.write("ids/2-s0.txt", "r0\nr1\n")
        try folder.write(
            "words.json5",
            "{data:{train:'t.jsonl',test:'s.jsonl'},model:{},fold_answers:'folds.jsonl',"
                + "output:'words'}")
        let curve =
            "models:{words:'words.json5'},seeds:[0],ids:'ids/{labels}-s{seed}.txt',output:'c'"
        let plan = try CurvePlan(path: folder.write("curve.json5", "{\(curve),labels:[2]}"))
        guard case .baseline(let point) = plan.models[0].experiment.at(plan.points[0], output: "p")
        else { throw TrainingError.unfit("no baseline") }
        #expect(point.foldAnswers == nil && point.output == "p")
        for (rest, words) in [
            ("labels:[0]", "labels must be a list of whole numbers, from 1 on"),
            ("labels:[2],reported:{elsewhere:{'0':62}}", "numbers of labels, from 1 on"),
            ("labels:[2],reported:{elsewhere:{'5':[62]}}", "lists of a mean and its deviation"),
            ("labels:[2],reported:{elsewhere:{'5':[62,-1]}}", "lists of a mean and its deviation"),
            ("labels:[2,2]", "from 1 on, each of them once"),
            ("labels:[2],reported:{elsewhere:{'5':101}}", "percentages, 0 to 100"),
            ("labels:[2],reported:{elsewhere:{'5':NaN}}", "percentages, 0 to 100"),
            ("labels:[2],reported:{elsewhere:{'5':1e999}}", "percentages, 0 to 100"),
            ("labels:[2],reported:{elsewhere:{'5':[62,Infinity]}}", "percentages, 0 to 100"),
        ] {
            let error = #expect(throws: WeightsError.self) {
                try CurvePlan(path: folder.write("curve.json5", "{\(curve),\(rest)}"))
            }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
        }
        try folder.write("words.json5", "{data:{train:'t.jsonl'},model:{},output:'words'}")
        let error = #expect(throws: WeightsError.self) {
            try CurvePlan(path: folder.write("curve.json5", "{\(curve),labels:[2]}"))
        }
        #expect(error?.message.contains("words measures no classifier on a test file") == true)
    }

    /// A point stands at the number of labels that its file really lists.
    @Test(arguments: [
        ("'ids/{labels}-s{seed}.txt',seeds:[0]", "2-s0.txt lists 3 ids: no point at 2 labels"),
        ("'ids/{labels}.txt',seeds:[0,1]", "of several seeds with {seed}, is missing"),
    ])
    func aCurvesIdsAreCounted(_ ids: String, _ words: String) throws {
        let folder = try TrainingFolder()
        try makeDirectory(folder.path + "/ids")
        try folder.write("ids/2-s0.txt", "r0\nr1\nr2\n")
        try folder.write(
            "words.json5", "{data:{train:'t.jsonl',test:'s.jsonl'},model:{},output:'words'}")
        let path = try folder.write(
            "curve.json5", "{models:{words:'words.json5'},labels:[2],ids:\(ids),output:'c'}")
        let error = #expect(throws: WeightsError.self) { try CurvePlan(path: path) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
    }

    @Test(arguments: [
        ("data:{train:'a'},model:{kind:'bert'},output:'o'", "kind must be one of \"encoder\""),
        ("data:{train:'a'},model:{},steps:[{do:'tune'}],output:'o'", "kind is missing: steps"),
        ("data:{train:'a',labels:['x','y','z']},model:{},output:'o'", "\"encoder\" take more"),
        ("\(data),\(model),steps:[{do:'tune',train:'head',unfreeze:1}],output:'o'", "unfreeze is"),
        (
            "data:{train:'a',labels:['x',' ']},\(model),steps:[{do:'tune'}],output:'o'",
            "a label must have letters"
        ),
    ])
    func whatWouldBeMisreadIsTold(_ text: String, _ words: String) throws {
        let folder = try TrainingFolder()
        let path = try folder.write("e.json5", "{\(text)}")
        let error = #expect(throws: WeightsError.self) { try Experiment(path: path) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
    }

    @Test func whatIsEvaluatedCostsOnceAnUpdateAtMost() throws {
        let configuration = BERTConfiguration(
            head: .none, hidden: 16, heads: 2, feedForward: 32, layers: 2, positions: 32,
            vocabulary: 24)
        func cost(
            _ evaluations: Int, batch: Int = 8, masked: (Double, Int)? = nil
        ) throws -> TrainingCost {
            let step =
                "{do:'tune',epochs:1,batch:\(batch),evaluations:\(evaluations),micro_tokens:100}"
            let fit = try #require(
                experiment("{\(Self.data),\(Self.model),steps:[\(step)],output:'o'}")?.steps[0].fit)
            return TrainingCost(
                fit, EncoderShape(configuration), lengths: Array(repeating: 20, count: 80),
                answered: [20], keepsBest: true, masked: masked)
        }
        #expect(try cost(1000).answering == cost(10).answering)
        #expect(try cost(10).answering == 10 * cost(1).answering)
        #expect(try cost(1, masked: (0.5, 24)).bytes == cost(1).bytes + 4 * 50 * 24)
        // A part has the texts of an update at most, here one of twenty tokens.
        let alone = try cost(1, batch: 1, masked: (0.5, 24)).bytes
        #expect(try alone == cost(1, batch: 1).bytes + 4 * 10 * 24)
    }

    /// None, one, two and three of twelve layers learn: four passes forward, half of one back, that
    /// costs twice as much where all weights learn.
    @Test(arguments: [("full", 5.0), ("lora", 4.5)])
    func layersThatThawCostFromThenOn(_ extent: String, _ passes: Double) throws {
        let configuration = BERTConfiguration(
            head: .none, hidden: 16, heads: 2, feedForward: 32, layers: 12, positions: 32,
            vocabulary: 24)
        let shape = EncoderShape(configuration)
        let lengths = Array(repeating: 20, count: 80)
        func learning(_ rest: String) throws -> Double {
            let step = "{do:'tune',train:'\(extent)',batch:8,\(rest)}"
            let fit = try #require(
                experiment("{\(Self.data),\(Self.model),steps:[\(step)],output:'o'}")?.steps[0].fit)
            let cost = TrainingCost(
                fit, shape, lengths: lengths, answered: [20], keepsBest: true)
            return cost.learning / shape.forward(lengths)
        }
        #expect(try abs(learning("epochs:4,unfreeze:1") - passes) < 1e-9)
        let all = try learning("epochs:1")
        #expect(try abs(learning("epochs:14,unfreeze:100") - (1 + 13 * all)) < 1e-9)
        // Half an epoch of the head, then nothing.
        #expect(try abs(learning("epochs:0.5,unfreeze:1") - 0.5) < 1e-9)
    }

    @Test func aPointIsNamedByWhatItsExperimentSays() throws {
        let folder = try TrainingFolder()
        try makeDirectory(folder.path + "/ids")
        try folder.write("ids/2-s0.txt", "r0\nr1\n")
        let path = try folder.write(
            "curve.json5",
            "{models:{words:'words.json5'},labels:[2],seeds:[0],ids:'ids/{labels}-s{seed}.txt',"
                + "output:'c'}")
        func hash(_ text: String) throws -> String {
            try folder.write("words.json5", text)
            return try #require(CurvePlan(path: path).models.first).hash
        }
        let plain = try hash(
            "{data:{train:'t.jsonl',test:'s.jsonl'},model:{cost:10},output:'words'}")
        let spelled = try hash(
            "{model:{'cost':1e1,}, data:{test:\"s.jsonl\",train:'t.jsonl',ids:null}, // again\n"
                + "output:'elsewhere'}")
        #expect(spelled == plain)
        let other = try hash(
            "{data:{train:'t.jsonl',test:'s.jsonl'},model:{cost:11},output:'words'}")
        #expect(other != plain)
    }

    @Test func schedulesRiseAndFall() {
        for shape in RateSchedule.Shape.allCases {
            let schedule = RateSchedule(shape, warmup: 0.1, updates: 100)
            let factors = (0..<100).map(schedule.factor)
            #expect(factors.allSatisfy { $0 > 0 && $0 <= 1 })
            #expect(abs(factors[9] - 1) < 1e-12 && factors[0] < 0.2)
            if shape == .constant {
                #expect(factors[99] == 1)
            } else {
                #expect(factors[99] < 0.05)
                #expect(zip(factors[10...], factors[11...]).allSatisfy { $0 >= $1 })
            }
        }
    }

    @Test func ratesFallWithDepthAndLayersThaw() throws {
        let read = try experiment(
            "{\(Self.data),\(Self.model),steps:[{do:'tune',rate:1,head_rate:0.5,layer_decay:0.5,"
                + "unfreeze:1}],output:'o'}")
        let fit = try #require(read?.steps[0].fit)
        // Embeddings, three layers, head.
        #expect(fit.rates(depths: 5) == [0.125, 0.25, 0.5, 1, 0.5])
        #expect((0..<6).map { fit.lowestTrained(epoch: $0, depths: 5) } == [4, 3, 2, 1, 0, 0])
    }
}
