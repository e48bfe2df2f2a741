// Classifications that are gathered, not shown: what reports over a whole file are made of.
//
// Invariant: all of them are of one revision of the model, the one that the report names, and of a
// model of whose labels one is right: reports count whether that one is given.

internal import Insight
internal import Presentation
internal import Syscalls
package import TextflixClient
package import TextflixProtocol

package struct CollectTask: TextTask {
    package let procedure = Procedure<ClassifyRequest, ClassifyResponse>.classify
    package let template: ClassifyRequest
    private let model: ServedModel
    package let journal: AnswerJournal<Classification>?
    /// Called in the order of the texts.
    package let take: (TextItem, Classification) throws(Failure) -> Void

    package init(
        template: ClassifyRequest, model: ServedModel, journal: AnswerJournal<Classification>?,
        take: @escaping (TextItem, Classification) throws(Failure) -> Void
    ) {
        self.template = template
        self.model = model
        self.journal = journal
        self.take = take
    }

    package func answers(
        of response: ClassifyResponse
    ) throws(Failure) -> [Classification] {
        try model.check(answeredBy: response.revision)
        return response.results
    }

    package func known(_ item: TextItem) -> Classification? { journal?.known(item) }

    package func show(
        _ answer: Classification, of item: TextItem, to lines: inout [UInt8]
    ) throws(Failure) {
        try needOneLabel(answer)
        try journal?.keep(answer, of: item)
        try take(item, answer)
    }

    /// Only its answers tell what kind of model it is.
    private func needOneLabel(_ answer: Classification) throws(Failure) {
        guard !answer.scores.map({ Double($0.probability) }).isDistribution else { return }
        throw Failure(
            .usage,
            "the model '\(DisplayWidth.oneLine(model.name))' gives each label a probability of its "
                + "own (they do not sum to 1); this counts whether the one right label is given")
    }
}
