// Explanations, one text a request; shown as they come, or gathered.

package import JSONText
package import TextflixClient
package import TextflixProtocol

package struct ExplainTask: TextTask {
    package let procedure = Procedure<ExplainRequest, ExplainResponse>.explain
    /// All of a request but its text.
    package let template: ExplainRequest
    /// Whose revision all answers must be; nil: each stands for itself.
    private let model: ServedModel?
    package let journal: AnswerJournal<Explained>?
    /// Called in the order of the texts; what it gives is written.
    package let view: (TextItem, Explained) throws(Failure) -> [UInt8]

    package init(
        template: ExplainRequest, model: ServedModel?, journal: AnswerJournal<Explained>?,
        view: @escaping (TextItem, Explained) throws(Failure) -> [UInt8]
    ) {
        self.template = template
        self.model = model
        self.journal = journal
        self.view = view
    }

    /// A model's answer is explained text by text.
    package var mostTogether: Int { 1 }

    /// An explanation takes as many samples as its deadline allows: with others beside it, fewer.
    package var mostUnderWay: Int { template.method == .leaveOneOut ? 8 : 1 }

    package func request(_ texts: [Text]) -> ExplainRequest {
        var request = template
        request.text = texts.first ?? Text(utf8: [])
        return request
    }

    package func answers(of response: ExplainResponse) throws(Failure) -> [Explained] {
        try model?.check(answeredBy: response.revision)
        return [Explained(response: response)]
    }

    package func known(_ item: TextItem) -> Explained? { journal?.known(item) }

    package func agrees(_ answer: Explained, with item: TextItem) -> Bool? {
        guard let given = item.givenLabel,
            answer.classification.scores.contains(where: { $0.label == given })
        else { return nil }
        return answer.classification.label == given
    }

    package func show(
        _ answer: Explained, of item: TextItem, to lines: inout [UInt8]
    ) throws(Failure) {
        try journal?.keep(answer, of: item)
        lines += try view(item, answer)
    }
}

extension Explained: KeptAnswer {
    package init?(kept record: JSONNode) {
        guard let classification = Classification(kept: record),
            let method = record["method"]?.int, let features = record["features"]?.array
        else { return nil }
        func float(_ name: String) -> Float { Float(record[name]?.double ?? 0) }
        func count(_ name: String) -> UInt32 { UInt32(clamping: record[name]?.int ?? 0) }
        response = ExplainResponse(
            classification: classification, features: features.compactMap(Feature.init(kept:)),
            intercept: float("intercept"), fidelityR2: float("r2"),
            evaluations: count("evaluations"), method: Method(rawValue: Int32(clamping: method)),
            label: record["explains"]?.string ?? "", samples: count("samples"),
            windows: count("windows"))
    }

    package func keep(in record: inout JSONWriter) {
        classification.keep(in: &record)
        record.member("explains", response.label)
        record.member("intercept", response.intercept)
        record.member("r2", response.fidelityR2)
        record.member("method", UInt32(clamping: response.method.rawValue))
        record.member("evaluations", response.evaluations)
        record.member("samples", response.samples)
        record.member("windows", response.windows)
        record.key("features")
        record.array(response.features) { $1.keep(in: &$0) }
    }
}

/// `[weight, start, end, start, end, …]`: the text itself is not kept.
extension Feature {
    package init?(kept node: JSONNode) {
        guard let numbers = node.array, numbers.count >= 3, let weight = numbers[0].double else {
            return nil
        }
        let places = numbers.dropFirst().map { UInt32(clamping: $0.int ?? 0) }
        self.init(start: places[0], end: places[1], weight: Float(weight))
        furtherStarts = places.indices.dropFirst(2).filter { $0 % 2 == 0 }.map { places[$0] }
        furtherEnds = places.indices.dropFirst(2).filter { $0 % 2 == 1 }.map { places[$0] }
    }

    package func keep(in record: inout JSONWriter) {
        record.beginArray()
        record.float(weight)
        for (start, end) in [(start, end)] + zip(furtherStarts, furtherEnds) {
            record.int(start)
            record.int(end)
        }
        record.endArray()
    }
}
