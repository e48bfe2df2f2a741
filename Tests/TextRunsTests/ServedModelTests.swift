// Which of the daemon's models a run asks, and how long it waits for one.

import Syscalls
import TestSupport
import Testing
import TextflixClient
import TextflixProtocol

@testable import TextRuns

@Suite struct ServedModelTests {
    private func find(
        _ model: ModelStatus, timeout: Duration? = nil
    ) throws -> ServedModel {
        let daemon = try FakeDaemon { _ in
            .answer(StatusResponse(version: "1", models: [model]).encoded)
        }
        defer { daemon.stop() }
        return try ServedModel.find("", Client(path: daemon.path), timeout: timeout)
    }

    /// It answers as before, and a report on it is as good as one.
    @Test func oneThatCouldNotBeLoadedAnewAnswers() throws {
        let model = ModelStatus(name: "m", revision: "old", state: .ready, error: "no vocab.txt")
        #expect(try find(model).revision == "old")
    }

    @Test func oneThatIsNotThereIsNamed() throws {
        let model = ModelStatus(name: "m", state: .loading, error: "no vocab.txt")
        let failure = #expect(throws: Failure.self) { try find(model) }
        #expect(failure?.status == .configuration)
        #expect(failure?.message == "the model 'm': no vocab.txt")
    }

    @Test func theTimeoutIsHeeded() throws {
        let loading = ModelStatus(name: "m", state: .loading)
        let failure = #expect(throws: Failure.self) {
            try find(loading, timeout: .milliseconds(1))
        }
        #expect(failure?.status == .tryAgain)
        let daemon = try FakeDaemon { _ in .silence }
        defer { daemon.stop() }
        let silent = #expect(throws: Failure.self) {
            try ServedModel.find("", Client(path: daemon.path), timeout: .milliseconds(20))
        }
        #expect(silent?.status == .tryAgain)
    }
}
