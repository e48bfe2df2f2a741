// Classifications that are gathered, not shown: what reports over a whole file are made of.

import TextflixClient
import TextflixProtocol

struct CollectTask: TextTask {
    let procedure = Procedure<ClassifyRequest, ClassifyResponse>.classify
    /// All of a request but its texts.
    let template: ClassifyRequest
    let journal: AnswerJournal<Classification>?
    /// Called in the order of the texts.
    let take: (TextItem, Classification) throws(Failure) -> Void

    func request(_ texts: [Text]) -> ClassifyRequest {
        var request = template
        request.texts = texts
        return request
    }

    func answers(of response: ClassifyResponse) -> [Classification] { response.results }

    func known(_ item: TextItem) -> Classification? { journal?.known(item) }

    func show(
        _ answer: Classification, of item: TextItem, to lines: inout [UInt8]
    ) throws(Failure) {
        try journal?.keep(answer, of: item)
        try take(item, answer)
    }
}
