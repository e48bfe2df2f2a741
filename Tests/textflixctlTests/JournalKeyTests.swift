// Which answers a command may take up again from a file.

import CommandLineTable
import Testing
import TextflixProtocol

@testable import TextRuns
@testable import textflixctl

@Suite struct JournalKeyTests {
    /// The same weights answer a little differently in another.
    @Test func answersInAnotherPrecisionAreOtherAnswers() throws {
        func model(_ precision: String) -> ServedModel {
            ServedModel(
                name: "m", revision: "1", precision: precision, labels: [], isLinear: false)
        }
        guard case .run(let call) = try Program.textflixctl.parse(["evaluate", "--jsonl", "f"])
        else {
            Issue.record("a page of help")
            return
        }
        let (exact, quick) = (model("f32"), model("int8"))
        let file = try FileRun(call)
        #expect(file.key(exact) == file.key(exact))
        #expect(file.key(exact) != file.key(quick))
        let request = ExplainRequest()
        #expect(ExplainCommand.key(request, exact) == ExplainCommand.key(request, exact))
        #expect(ExplainCommand.key(request, exact) != ExplainCommand.key(request, quick))
    }
}
