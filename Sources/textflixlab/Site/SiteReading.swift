// The models' answers to all reviews, asked in bulk and kept: a run that was stopped goes on, and a
// later site asks only for what is new.
//
// Each model is asked twice: for the label of every text, then for the weights of its sentences.
// Labels come first because figures rest on them alone; a text that cannot be explained (it is too
// long) is shown without shades.
//
// Invariant: an answer is from the revision that the site names. A model that is replaced meanwhile
// ends the run; what was asked of the old one stays kept under its name.

import CommandLineTable
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

/// How sentences are weighed.
enum SiteMethod: String, CaseIterable {
    case auto
    case leaveOneOut = "leave-one-out"
    case lime, exact, shapley, none

    var method: Method? {
        switch self {
        case .auto: .auto
        case .leaveOneOut: .leaveOneOut
        case .lime: .lime
        case .exact: .exactLime
        case .shapley: .shapley
        case .none: nil
        }
    }
}

final class SiteReading {
    let models: [ServedModel]
    let labels: TrueLabels
    private let file: TextFile
    private let group: String
    private let client: Client
    private let cache: String
    private let template: ExplainRequest
    private let way: SiteMethod
    private let timeout: Duration

    private var items: [Int: TextItem] = [:]
    /// Per model, by line.
    private var answers: [[Int: SiteAnswer]]
    private var explanations: [[Int: Explained]]
    /// Of each model, as they came: with little time a long review may have another than a short
    /// one.
    private(set) var methods: [[String]]
    /// Texts that some model could not read.
    private(set) var failed = false

    init(_ call: Invocation, _ file: TextFile) throws(Failure) {
        do throws(ClientError) {
            client = try Client(path: call.text(ServedClassifier.socket))
        } catch { throw Failure(error) }
        self.file = file
        group = SiteOptions.group(call)
        timeout = call.duration(SiteOptions.timeout) ?? .seconds(60)
        models = try Self.models(call, client)
        labels = try TrueLabels(call, model: models[0], field: file.fields.label)
        way = call.choice(SiteOptions.method) ?? .leaveOneOut
        template = ExplainRequest(
            samples: UInt32(call.integer(SiteOptions.samples) ?? 0),
            seed: UInt64(call.integer(SiteOptions.seed) ?? 0), priority: .bulk)
        cache = try Self.cacheFolder(call)
        answers = models.map { _ in [:] }
        explanations = models.map { _ in [:] }
        methods = models.map { _ in [] }
    }

    private static func models(
        _ call: Invocation, _ client: Client
    ) throws(Failure) -> [ServedModel] {
        let named = call.list(SiteOptions.models)
        let names = named.isEmpty ? [""] : named
        guard names.count <= SiteLimits.models, Set(names).count == names.count else {
            throw Failure(call.complaint("--models names one model, or two different ones"))
        }
        var models: [ServedModel] = []
        for name in names {
            let model = try ServedModel.find(
                name, client, timeout: call.duration(SiteOptions.timeout))
            try model.needLabels()
            models.append(model)
        }
        guard models.allSatisfy({ Set($0.labels) == Set(models[0].labels) }) else {
            let lists = models.map { $0.labels.joined(separator: ", ") }
            throw Failure(
                .usage, "the models have different labels: \(lists.joined(separator: "; "))")
        }
        guard models[0].labels.count <= SiteLimits.labels else {
            throw Failure(
                .usage,
                "the model has \(models[0].labels.count) labels; a site shows at most "
                    + "\(SiteLimits.labels)")
        }
        return models
    }

    private static func cacheFolder(_ call: Invocation) throws(Failure) -> String {
        let base = environment("XDG_CACHE_HOME") ?? environment("HOME").map { "\($0)/.cache" }
        guard let folder = call.text(SiteOptions.cache) ?? base.map({ "\($0)/textflix/site" })
        else {
            throw Failure(
                call.complaint("neither --cache-dir nor $HOME says where to keep answers"))
        }
        do throws(Errno) {
            try makeDirectories(folder, mode: 0o700)
        } catch {
            throw Failure(
                .cannotCreate,
                "cannot keep answers: \(error.description); --cache-dir names another folder")
        }
        return folder
    }

    /// Reads the whole file, and asks nothing.
    /// - Throws: what is wrong with it as a whole.
    func check() throws(Failure) {
        var survey = SiteSurvey(labels, group: group)
        try file.survey { (item) throws(Failure) in
            try survey.add(item)
        }
    }

    /// Asks all models, and gives the reviews in the order of the file.
    func reviews() throws(Failure) -> [SiteReview] {
        for side in models.indices { try classify(side) }
        for side in models.indices where way != .none { try explain(side) }
        let isLabelled = items.values.contains { $0.givenLabel != nil }
        var reviews: [SiteReview] = []
        for (number, item) in items.sorted(by: { $0.key < $1.key }) {
            // What one model could not read is compared with nothing.
            let both = models.indices.compactMap { answers[$0][number] }
            guard both.count == models.count else { continue }
            reviews.append(
                SiteReview(
                    item: item, key: String(item.text.fingerprint, radix: 16),
                    truth: isLabelled ? try labels.truth(of: item) : nil, answers: both,
                    explanations: models.indices.map { explanations[$0][number] }))
        }
        return reviews
    }

    private func classify(_ side: Int) throws(Failure) {
        let model = models[side]
        let journal: AnswerJournal<Classification> = try journal("classify", model, "")
        let task = CollectTask(
            template: ClassifyRequest(model: model.name, priority: .bulk), model: model,
            journal: journal
        ) { [self] (item, answer) throws(Failure) in
            if side == 0 { items[item.number] = item }
            answers[side][item.number] = SiteAnswer(answer, labels)
        }
        try run(task, "\(model.name), labels")
    }

    private func explain(_ side: Int) throws(Failure) {
        let model = models[side]
        var request = template
        request.model = model.name
        // What a linear model adds up is exact, and costs nothing.
        request.method = model.isLinear ? .linear : way.method ?? .auto
        let options = "\(request.method) \(request.samples) \(request.seed)"
        let journal: AnswerJournal<Explained> = try journal("explain", model, options)
        let task = ExplainTask(template: request, model: model, journal: journal) {
            [self] (item, explained) throws(Failure) in
            guard answers[side][item.number] != nil else { return [] }
            explanations[side][item.number] = explained
            if !methods[side].contains(explained.methodName) {
                methods[side].append(explained.methodName)
            }
            return []
        }
        // A text without reasons is still one: only what has no label counts as failed.
        let before = failed
        try run(task, "\(model.name), reasons")
        failed = before
    }

    private func run(_ task: some TextTask, _ name: String) throws(Failure) {
        let input = try file.open()
        var settings = TextRunSettings(Program.textflixlab.name, timeout: timeout)
        settings.answersComeLast = true
        settings.progressName = name
        var run = try TextRun(task, client: client, input: input, settings: settings)
        let status = try run.run()
        if status == .interrupted || status == .terminated {
            throw Failure(status, "stopped; the same command goes on with what is answered")
        }
        failed = failed || status == .someFailed
    }

    /// One file a question, model, revision and options, named by all of them. The precision is
    /// one of the options: the same weights answer a little differently in another.
    private func journal<Answer: KeptAnswer>(
        _ question: String, _ model: ServedModel, _ options: String
    ) throws(Failure) -> AnswerJournal<Answer> {
        let options = options.isEmpty ? model.precision : "\(model.precision) \(options)"
        let key = JournalKey(
            question: question, model: model.name, revision: model.revision, options: options)
        let name = Text("\(model.name)\n\(model.revision)\n\(options)").fingerprint
        return try AnswerJournal(
            "\(cache)/\(question)-\(String(name, radix: 16)).answers", key: key)
    }
}
