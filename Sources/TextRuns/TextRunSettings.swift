// What a run of texts is told besides its texts: who speaks, how patient it is, where answers go.

internal import Syscalls

package struct TextRunSettings: Sendable {
    /// Which program says what has to be said.
    package let program: String
    /// How long the daemon may keep a text waiting without answering anything.
    package var timeout: Duration
    package var isStrict = false
    /// How a text is named in messages: `line 7`, `text 2`.
    package var itemName = "line"
    /// A closing line also when all went well.
    package var wantsSummary = false
    /// What is said of progress also when answers come out on the terminal: they come at the end.
    package var answersComeLast = false
    /// Before the progress line.
    package var progressName = ""
    /// Where answers are written.
    package var output = StandardStream.output.rawValue

    package init(
        _ program: String, timeout: Duration, isStrict: Bool = false, itemName: String = "line",
        wantsSummary: Bool = false
    ) {
        self.program = program
        self.timeout = timeout
        self.isStrict = isStrict
        self.itemName = itemName
        self.wantsSummary = wantsSummary
    }
}
