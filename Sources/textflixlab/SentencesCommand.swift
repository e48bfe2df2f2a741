// textflixlab sentences: texts in, their sentences out, as an explanation takes them apart. For
// comparing with another program, and for looking where a text is parted wrongly.

import CommandLineTable
import JSONText
import Syscalls
import Tokenization

enum SentencesCommand {
    private static let features = Option(
        "features", "fragments joined to a neighbour, as explanations weigh them")

    static let command = Command(
        "sentences", "part texts into sentences",
        details: "Standard input has one text a line; standard output gets one line of JSON a "
            + "text, the list of its sentences with the blanks between them.",
        options: [features],
        examples: [Example("textflixlab sentences < deploy/examples/reviews.txt")])

    static func run(_ call: Invocation) throws -> ExitStatus {
        let splitter = SentenceSplitter()
        var json = JSONWriter()
        let bytes = try readToEnd(StandardStream.input.rawValue, limit: 1 << 30)
        // U+2028 parts sentences, but no texts.
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .dropLast(bytes.last == UInt8(ascii: "\n") ? 1 : 0)
        {
            let text = Array(line)
            let ranges =
                call.has(features) ? splitter.features(of: text) : splitter.ranges(of: text)
            json.array(ranges) { $0.string(utf8: text[$1]) }
            printOutput(json.text + "\n")
            json.removeAll()
        }
        return .success
    }
}
