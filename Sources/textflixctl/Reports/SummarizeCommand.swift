// `summarize`: reviews grouped by film (or whatever a field names): how many are positive, and in
// each review the sentence that speaks most for its label.

import CommandLineTable
import Presentation
import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

enum SummarizeCommand {
    static func run(_ call: Invocation) throws(Failure) -> ExitStatus {
        let run = try FileRun(call)
        let client = try connect(call)
        let model = try ServedModel.find(
            call.text(Options.model) ?? "", client, timeout: call.duration(Options.timeout))
        try model.needLabels()
        let order = try order(call, model)
        var template = try ExplainCommand.request(call)
        template.model = model.name
        template.priority = .bulk
        // A sentence a review does not need the exact weights: leaving each sentence out once
        // names the same one mostly, for a hundredth of the work.
        if !call.has(ReportOptions.method) { template.method = .leaveOneOut }
        var journal: AnswerJournal<Explained>?
        if let path = call.text(ReportOptions.resume) {
            journal = try AnswerJournal(path, key: ExplainCommand.key(template, model))
        }
        let gathering = Gathering(
            group: call.text(ReportOptions.groupField) ?? "movie",
            title: call.text(ReportOptions.titleField) ?? "title")
        let task = ExplainTask(
            template: template, model: model, journal: journal, view: gathering.take)
        try run.file.survey { (item) throws(Failure) in _ = try gathering.name(of: item) }
        let outcome = try run.run(task, client)
        guard !gathering.groups.isEmpty else {
            throw Failure(.data, "\(run.file.path) has no text to summarize")
        }
        var summary = Summary(
            model: model, file: run.file.path, groups: order.sorted(gathering.groups))
        summary.method = gathering.methodNames.joined(separator: ", ")
        show(summary, call)
        return outcome.status
    }

    private static func order(
        _ call: Invocation, _ model: ServedModel
    ) throws(Failure) -> GroupOrder {
        let word = call.text(ReportOptions.sort) ?? "reviews"
        guard let order = GroupOrder(word, labels: model.labels) else {
            let known = ["reviews", "title", "accurate", "inaccurate"] + model.labels
            throw Failure(
                call.complaint("--sort \(word) is not one of \(known.joined(separator: ", "))"))
        }
        return order
    }

    private static func show(_ summary: Summary, _ call: Invocation) {
        let screen = Screen(of: .output)
        let format = call.choice(ReportOptions.pageFormat, PageFormat.self)
        let count = call.integer(ReportOptions.shown) ?? 4
        switch format ?? (screen.isTerminal ? .table : .jsonl) {
        case .jsonl: printOutput(SummaryJSON.text(summary))
        case .html: printOutput(SummaryPage(summary: summary, shown: count).markup.text)
        case .table:
            let lines = SummaryLines(summary: summary, shown: count, screen: screen).lines
            printLines(lines)
        }
    }
}

/// Explained reviews into their groups, as they come.
private final class Gathering {
    private let groupField: String
    private let titleField: String
    private var indices: [String: Int] = [:]
    private(set) var groups: [ReviewGroup] = []
    /// As they came: with little time a long review may have another than a short one.
    private(set) var methodNames: [String] = []

    init(group: String, title: String) {
        groupField = group
        titleField = title
    }

    /// Of the group that a review belongs to.
    func name(of item: TextItem) throws(Failure) -> String {
        guard let name = item.field(groupField) else {
            throw Failure(
                .data,
                "line \(item.number): no field \"\(groupField)\" to group by "
                    + "(--group-field names another)")
        }
        return name
    }

    func take(_ item: TextItem, _ explained: Explained) throws(Failure) -> [UInt8] {
        let name = try name(of: item)
        let index = indices[name] ?? groups.count
        if index == groups.count {
            indices[name] = index
            groups.append(ReviewGroup(name: name, title: item.field(titleField)))
        }
        groups[index].add(item, explained)
        if !methodNames.contains(explained.methodName) { methodNames.append(explained.methodName) }
        return []
    }
}
