// A file whose texts have fields, as the commands read it that report on one: JSON objects, or the
// rows of a table.

package import CommandLineTable

package struct TextFile: Sendable {
    package static let jsonl = Option(
        "jsonl", .file("FILE"), "the texts, a JSON object a line")
    package static let csv = Option(
        "csv", .file("FILE"), "or a table, whose first row names its columns")
    package static let options = [jsonl, csv]

    /// `-`: standard input.
    package let path: String
    package let fields: ObjectFields
    private let form: TextInput.Form

    package init(_ call: Invocation, textField: Option, labelField: Option) throws(Failure) {
        let (objects, table) = (call.text(Self.jsonl), call.text(Self.csv))
        guard let path = objects ?? table else {
            throw Failure(call.complaint("--jsonl FILE or --csv FILE is missing: which texts?"))
        }
        if objects != nil, TextInput.isTable(path) {
            throw Failure(call.complaint("\(path) is a table by its name; --csv reads it"))
        }
        self.path = path
        fields = ObjectFields(
            text: call.text(textField) ?? "text", label: call.text(labelField) ?? "label")
        form = objects == nil ? .table(fields) : .objects(fields)
    }

    package var canBeReadTwice: Bool { TextInput.canBeReadTwice(path) }

    /// Looks at all texts before the first is asked about, where they can be read twice.
    package func survey(_ look: (TextItem) throws(Failure) -> Void) throws(Failure) {
        if canBeReadTwice { try TextInput.survey(path, form, look) }
    }

    package func open() throws(Failure) -> TextInput {
        try TextInput(path: path == "-" ? nil : path, form: form)
    }
}
