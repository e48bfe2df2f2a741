// Start, reload, drain: first the state machine, then the same over a socket.

import Service
import Syscalls
import TestSupport
import Testing
import TextflixProtocol

@Suite struct LifecycleTests {
    private let now = Instant(nanoseconds: 1_000_000_000)
    private func address(_ stream: UInt32) -> StreamAddress {
        StreamAddress(connection: 1, stream: stream)
    }

    private func ready() -> Lifecycle {
        var life = Lifecycle(limits: ServiceLimits())
        #expect(life.start() == [.load])
        #expect(life.engineStarted() == [])
        #expect(life.loaded(canServe: true) == [.notifyReady])
        return life
    }

    @Test func readyWaitsForTheEngine() {
        var life = Lifecycle(limits: ServiceLimits())
        _ = life.start()
        #expect(life.loaded(canServe: true) == [])
        #expect(life.engineStarted() == [.notifyReady])
        #expect(life.reload() == [.notifyReloading, .load])
        #expect(life.loaded(canServe: true) == [.notifyReady])
    }

    @Test func anEngineThatStartsAfterTheEndIsNotReady() {
        var life = Lifecycle(limits: ServiceLimits())
        _ = life.start()
        _ = life.loaded(canServe: true)
        _ = life.terminate(now: now)
        #expect(life.engineStarted() == [])
    }

    @Test func aStartThatFailsEnds() {
        var life = Lifecycle(limits: ServiceLimits())
        _ = life.start()
        #expect(life.loaded(canServe: false) == [.exit(78)])
    }

    /// It may come again: the service manager is not to take it for a wrong configuration.
    @Test func aFirstLoadWithoutAThreadIsNoFaultOfTheConfiguration() {
        var life = Lifecycle(limits: ServiceLimits())
        _ = life.start()
        #expect(life.loaded(canServe: false, fault: "no thread") == [.exit(71)])
    }

    @Test func withoutAnEngineItEndsWhateverItDoes() {
        #expect(Lifecycle(limits: ServiceLimits()).engineFailed() == [.exit(71)])
        #expect(ready().engineFailed() == [.exit(71)])
    }

    @Test func aStormOfReloadsIsTwo() {
        var life = ready()
        #expect(life.reload(for: address(1)) == [.notifyReloading, .load])
        for stream in 2...50 as ClosedRange<UInt32> {
            #expect(life.reload(for: address(stream)) == [])
        }
        #expect(life.reload() == [])
        let between = life.loaded(canServe: true)
        #expect(between == [.notifyReady, .answerReload([address(1)]), .notifyReloading, .load])
        let last = life.loaded(canServe: true)
        #expect(last == [.notifyReady, .answerReload((2...50).map { address($0) })])
        #expect(life.state == .ready)
    }

    @Test func aReloadDuringTheFirstLoadIsDoneAfterIt() {
        var life = Lifecycle(limits: ServiceLimits())
        _ = life.start()
        _ = life.engineStarted()
        #expect(life.reload() == [])
        #expect(life.loaded(canServe: true) == [.notifyReady, .notifyReloading, .load])
    }

    @Test func aReloadThatReadNothingFailsForWhoAsked() {
        var life = ready()
        #expect(life.reload(for: address(1)) == [.notifyReloading, .load])
        #expect(
            life.loaded(canServe: true, fault: "line 3")
                == [.notifyReady, .failReload([address(1)], "line 3")])
        // Nobody asked: a signal did.
        _ = life.reload()
        #expect(life.loaded(canServe: true, fault: "line 3") == [.notifyReady])
    }

    @Test func theEndComesInTime() {
        var life = ready()
        #expect(life.terminate(now: now) == [.notifyStopping, .drain])
        #expect(life.state == .draining)
        #expect(life.reload() == [])
        #expect(life.tick(now: now) == [])
        let limits = ServiceLimits()
        #expect(life.deadline == now.advanced(by: limits.drainTime))
        #expect(life.terminate(now: now) == [])
        #expect(life.deadline == now.advanced(by: limits.hastyDrainTime))
        #expect(life.tick(now: life.deadline) == [.giveUp])
    }

    @Test func whoWaitsForAReloadIsToldOfTheEnd() {
        var life = ready()
        _ = life.reload(for: address(1))
        _ = life.reload(for: address(3))
        let effects = life.terminate(now: now)
        #expect(effects == [.notifyStopping, .drain, .refuseReload([address(1), address(3)])])
        #expect(life.loaded(canServe: true) == [])
    }

    @Test func drainedIsTheEnd() {
        var life = ready()
        #expect(life.drained() == [])
        _ = life.terminate(now: now)
        #expect(life.drained() == [.exit(0)])
    }

    // MARK: Over a socket

    @Test func anEngineThatCannotStartIsTheEnd() throws {
        let daemon = try TestDaemon(engineFailure: EngineFailure("no memory"))
        #expect(daemon.exitCode() == Lifecycle.noResources)
        #expect(daemon.lines.all.contains("critical: the engine cannot start: no memory"))
    }

    @Test func sigtermAnswersWhatWasAcceptedAndNothingElse() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        daemon.board.shut()
        for _ in 0..<5 { try client.send(.classify, ClassifyRequest(texts: ["a"])) }
        _ = try client.status()
        daemon.terminate()
        var state = ServerState.ready
        let isOver = try eventually {
            state = try client.status().state
            return state != .ready
        }
        #expect(isOver && state == .draining)
        #expect(throws: Errno.self) { _ = try daemon.connect() }
        let refused = try client.send(.classify, ClassifyRequest(texts: ["late"]))
        let answer = try client.answer()
        #expect(answer.stream == refused)
        guard case .failure(let status) = answer.1 else {
            Issue.record("another case")
            return
        }
        #expect(status.code == .unavailable)
        daemon.board.open()
        for _ in 0..<5 {
            guard case .success = try client.answer().1 else {
                Issue.record("an accepted request was not answered")
                return
            }
        }
        #expect(daemon.exitCode() == 0)
    }

    @Test func theEndDoesNotWaitForAnEngineThatHangs() throws {
        let daemon = try TestDaemon { $0.hastyDrainTime = .milliseconds(30) }
        let client = try daemon.connect()
        daemon.board.shut()
        let stuck = try client.send(.classify, ClassifyRequest(texts: ["a"]))
        _ = try client.status()
        daemon.terminate()
        daemon.terminate()
        let (stream, result) = try client.answer()
        #expect(stream == stuck)
        guard case .failure(let status) = result else {
            Issue.record("another case")
            return
        }
        #expect(status.code == .unavailable)
        #expect(try client.read() == nil)
        #expect(daemon.exitCode() == 0)
    }

    @Test func whatWasSentBeforeTheEndIsAnswered() throws {
        let daemon = try TestDaemon()
        let clients = try (0..<20).map { _ in try daemon.connect() }
        for client in clients { _ = try client.status() }
        daemon.terminate()
        for client in clients {
            // Sent after the signal and perhaps before it was seen: an answer or the end, no hang.
            do { try client.send(.status, StatusRequest()) } catch { continue }
        }
        #expect(daemon.exitCode() == 0)
    }

    @Test func aReloadChangesAnswersAndDropsNone() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        #expect(try client.classify("a").revision == "r1")
        daemon.board.shut()
        let old = try client.send(.classify, ClassifyRequest(texts: ["a"]))
        daemon.install([
            LoadedModel(name: "m", outcome: .success(try FakeModel.make(number: 7, revision: "r2")))
        ])
        let admin = try daemon.connect()
        let response: ReloadResponse = try admin.call(.reload, ReloadRequest())
        #expect(response.models.map(\.revision) == ["r2"])
        daemon.board.open()
        let (stream, result) = try client.answer()
        #expect(stream == old)
        #expect(try ClassifyResponse(decoding: result.get()).revision == "r1")
        #expect(try client.classify("a").revision == "r2")
    }

    @Test func aReloadThatFailsKeepsTheOld() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        _ = try client.classify("a")
        daemon.install([
            LoadedModel(name: "m", outcome: .failure(LoadFailure("tensor x is missing")))
        ])
        daemon.hangUp()
        #expect(eventually { daemon.loadCount >= 2 })
        let response: ReloadResponse = try client.call(.reload, ReloadRequest())
        #expect(response.models[0].error == "tensor x is missing")
        #expect(response.models[0].state == .ready)
        #expect(try client.classify("a").revision == "r1")
    }
}
