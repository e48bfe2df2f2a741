// What a file says is right, in the model's own labels.

package import CommandLineTable
package import Insight
import Syscalls
package import TextflixProtocol

package struct TrueLabels: Sendable {
    package static let map = Option(
        "map", .assignment("GIVEN=LABEL"), repeats: true, "a label of the file, and the model's")

    package let labels: [String]
    private let field: String
    /// A label of the file to the model's.
    private let spelled: [String: Int]

    package init(_ call: Invocation, model: ServedModel, field: String) throws(Failure) {
        labels = model.labels
        self.field = field
        var spelled: [String: Int] = [:]
        for (index, label) in labels.enumerated() { spelled[label] = index }
        for (given, label) in call.assignments(Self.map) {
            guard let index = labels.firstIndex(of: label) else {
                let known = labels.joined(separator: ", ")
                throw Failure(
                    call.complaint("--map \(given)=\(label): the model's labels are \(known)"))
            }
            spelled[given] = index
        }
        self.spelled = spelled
    }

    /// - Throws: with the line, where it has no label or one that the model does not know.
    package func truth(of item: TextItem) throws(Failure) -> Int {
        guard let given = item.givenLabel else {
            throw Failure(.data, "line \(item.number): no field \"\(field)\" with the true label")
        }
        guard let index = spelled[given] else {
            let shown = given.prefix(40)
            throw Failure(
                .data,
                "line \(item.number): the label \"\(shown)\" is none of "
                    + "\(labels.joined(separator: ", ")); --map \(shown)=LABEL says which it is")
        }
        return index
    }

    package func prediction(_ answer: Classification, truth: Int) -> Prediction {
        Prediction(probabilities: probabilities(answer), truth: truth)
    }

    /// In the order of `labels`.
    package func probabilities(_ answer: Classification) -> [Double] {
        labels.enumerated().map { index, label in
            // The daemon answers in the model's order; kept answers are looked up by name.
            let own = answer.scores.indices.contains(index) ? answer.scores[index] : Score()
            let score =
                own.label == label ? own : answer.scores.first { $0.label == label } ?? Score()
            return Double(score.probability)
        }
    }
}
