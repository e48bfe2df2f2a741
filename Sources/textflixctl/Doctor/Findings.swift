// What is wrong with an installation, from facts: pure, so every fault has a test.
//
// A finding says what was looked at, how it is, and when it is not well what to do. It judges only
// what it can see: a fact that could not be read gives no finding, never a guess.

struct Finding: Sendable, Equatable {
    enum Grade: Sendable { case good, note, fault }
    let grade: Grade
    /// What was looked at, one or two words.
    let subject: String
    let text: String
    /// What to do; empty: nothing.
    var remedy = ""
}

extension InstallationFacts {
    /// In the order in which one would look: first what keeps a request from arriving at all.
    var findings: [Finding] {
        let reaching = [
            socketFinding, permissionFinding, unitFinding, daemonFinding, versionFinding,
            configurationFinding,
        ]
        let machine = [processorFinding, memoryFinding, lockFinding, environmentFinding]
        return reaching.compactMap(\.self) + modelFindings + folderFindings
            + machine.compactMap(\.self)
    }
}
