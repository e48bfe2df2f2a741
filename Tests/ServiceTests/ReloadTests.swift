// What figures and Status say of a reload that was refused, whole or in part.

import Syscalls
import Testing
import TextflixProtocol

@testable import Service

@Suite struct ReloadTests {
    private let total = "textflix_reloads_total"
    private let failed = "textflix_reloads_failed_total"

    private func status(_ desk: FrontDesk) throws -> StatusResponse {
        let client = try desk.connect()
        try client.writer.request(stream: 1, method: .status, StatusRequest())
        desk.deliver(client)
        let frame = try #require(client.received.last)
        return try StatusResponse(decoding: ResponseEnvelope(decoding: frame.body).payload)
    }

    private func reload(_ desk: FrontDesk, _ notices: Notice...) {
        desk.exchange.take(.hangUp, now: desk.now)
        desk.exchange.handle(notices, now: desk.now)
        desk.settle()
    }

    /// Before anything happens: a series that begins with its first event hides it.
    @Test func theyCountFromNought() throws {
        let counters = try status(FrontDesk()).counters
        for name in [total, failed, "textflix_connections_refused_total"] {
            #expect(counters.first { $0.name == name }?.value == 0)
        }
        let refusals = [
            Refusal.queueFull(retryAfter: 0), .userShareFull(retryAfter: 0),
            .connectionShareFull(retryAfter: 0), .neverFits, .tooLate(by: 0, needed: 0), .expired,
        ]
        let reasons = counters.filter { $0.name == "textflix_refused_total" }
            .flatMap { $0.labels.map(\.value) }
        let known = refusals.map(\.name) + ["streams", "input_memory", "loading", "stopping"]
        #expect(reasons == known.sorted())
    }

    @Test func aConfigurationThatWasRefused() throws {
        let desk = try FrontDesk()
        reload(desk, .notLoaded(LoadFailure("line 3")))
        #expect(desk.counter(total) == 0 && desk.counter(failed) == 1)
        let page = try status(desk)
        #expect(page.state == .ready && page.detail == "line 3")
        // The next one has not come to its end: what is known stands.
        reload(desk, .loading("loading m (1 of 1)"))
        let during = try status(desk)
        #expect(during.state == .ready && during.detail == "line 3")
        desk.loadNothing("m")
        let after = try status(desk)
        #expect(after.detail.isEmpty)
    }

    @Test func progressOfAReloadIsNoTrouble() throws {
        let desk = try FrontDesk()
        reload(desk, .loading("loading m (1 of 1)"))
        #expect(try status(desk).detail.isEmpty)
        #expect(desk.exchange.statusReport.progress == "loading m (1 of 1)")
    }

    @Test func aModelThatWasRefused() throws {
        let desk = try FrontDesk()
        desk.exchange.take(.hangUp, now: desk.now)
        desk.loadNothing("m")
        #expect(desk.counter(total) == 1 && desk.counter(failed) == 1)
        let page = try status(desk)
        #expect(page.models.map(\.error) == ["no such folder"])
        #expect(page.models.map(\.state) == [.ready] && page.detail.isEmpty)
    }

    @Test func allModelsWereRefused() throws {
        let desk = try FrontDesk()
        desk.exchange.take(.hangUp, now: desk.now)
        desk.loadNothing("renamed")
        #expect(desk.counter(total) == 0 && desk.counter(failed) == 1)
        #expect(try status(desk).detail.contains("the old ones stay"))
    }

    @Test func aReloadThatIsWell() throws {
        let desk = try FrontDesk()
        let model = try FakeModel.make(revision: "r2")
        reload(desk, .loaded([LoadedModel(name: "m", outcome: .success(model))]))
        #expect(desk.counter(total) == 1 && desk.counter(failed) == 0)
    }
}
