// The configuration: three sources, one order, and an error that says where.

import TestSupport
import Testing
import TextflixProtocol

@testable import Service

@Suite struct ConfigurationTests {
    /// Resolves a file's text with an environment and flags.
    private func resolve(
        _ text: String, _ environment: [String: String] = [:],
        _ change: (inout DaemonConfiguration.Flags) -> Void = { _ in }
    ) throws -> DaemonConfiguration {
        let folder = try TemporaryFolder("configuration")
        var flags = DaemonConfiguration.Flags()
        flags.file = try folder.write("d.json", text)
        change(&flags)
        return try DaemonConfiguration.resolve(flags) { environment[$0] }
    }

    private let models = "models: { m: \"/m\" }"

    @Test func flagsOverEnvironmentOverFile() throws {
        let text = "{ socket: \"/file\", threads: 1, precision: \"f32\", \(models) }"
        let environment = ["TEXTFLIX_SOCKET": "/environment", "TEXTFLIX_THREADS": "2"]
        let configuration = try resolve(text, environment) { $0.socketPath = "/flag" }
        #expect(configuration.socketPath == "/flag")
        #expect(configuration.threads == 2)
        #expect(configuration.precision == .f32)
        #expect(configuration.models == [ModelSource(name: "m", path: "/m", precision: .f32)])
    }

    @Test func modelsKeepTheirOrderAndTheirOwnPrecision() throws {
        let configuration = try resolve(
            """
            // JSON5
            {
              models: {
                'first': "/a",
                second: { path: "b", precision: "f32" },
              },
            }
            """)
        #expect(configuration.models.map(\.name) == ["first", "second"])
        #expect(configuration.models[1].precision == .f32)
        #expect(configuration.models[1].path.hasSuffix("/b"))
        #expect(configuration.models[1].path.hasPrefix("/tmp/textflix-configuration-"))
    }

    @Test(arguments: [
        ("{\n  sokcet: \"/x\" }", ":2:3: unknown key \"sokcet\""),
        ("{ models: { m: \"/m\" },\n models: {} }", ":2:2: "),
        ("{ models: { m: { pth: \"/m\" } } }", ":1:18: unknown key \"pth\""),
        ("{ limits: { queue_texts: 0 } }", ":1:26: queue_texts must be a whole number from 1"),
        ("{ limits: { queue_text: 5 } }", ":1:13: unknown key \"queue_text\""),
        ("{ limits: { drain_seconds: \"9\" } }", ":1:28: drain_seconds must be a number"),
        ("{ threads: 1.5 }", ":1:12: threads must be"),
        ("{ precision: \"fp8\" }", ":1:14: precision must be"),
        ("{ socket_mode: 660 }", ":1:16: socket_mode must be"),
        ("{ log_level: \"loud\" }", ":1:14: log_level must be"),
        ("[]", ":1:1: the configuration must be an object"),
        ("{ models: ", ":1:11: "), ("", ":1:1: "),
        ("{}", "no model is configured"),
    ])
    func aFaultHasAPlace(text: String, complaint: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try resolve(text) }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
    }

    @Test func limitsAreSet() throws {
        let configuration = try resolve(
            "{ \(models), limits: { queue_texts: 7, drain_seconds: 0.5, batch_tokens: 4096 } }")
        #expect(configuration.limits.queueTexts == 7)
        #expect(configuration.limits.drainTime == .milliseconds(500))
        #expect(configuration.limits.batchTokens == 4096)
    }

    @Test func aSmallerQueueIsASmallerShareToo() throws {
        let configuration = try resolve("{ \(models) }") { $0.queueTexts = 10 }
        #expect(configuration.limits.queueTexts == 10)
        #expect(configuration.limits.queueTextsPerUser == 5)
    }

    @Test(
        arguments: [
            ("queue_texts: 2000", 1000), ("queue_texts: 2000, queue_texts_per_user: 1500", 1500),
            ("queue_texts_per_user: 1500, queue_texts: 2000", 1500), ("queue_bytes: 4096", 4096),
        ])
    func aShareThatTheFileDoesNotNameIsHalfOfItsQueue(limits: String, share: Int) throws {
        let configuration = try resolve("{ \(models), limits: { \(limits) } }")
        #expect(configuration.limits.queueTextsPerUser == share)
    }

    @Test(arguments: [
        ["TEXTFLIX_THREADS": "many"], ["TEXTFLIX_MODELS": "m"], ["TEXTFLIX_PRECISION": "f8"],
        ["TEXTFLIX_LOG_LEVEL": "loud"], ["TEXTFLIX_MAX_QUEUE": "-1"],
    ])
    func aFaultInTheEnvironmentNamesTheVariable(environment: [String: String]) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try resolve("{ \(models) }", environment)
        }
        #expect(error?.description.hasPrefix(environment.keys.first!) == true)
    }

    /// What a flag or the file would refuse.
    @Test(
        arguments: [
            ("TEXTFLIX_THREADS", "1025", "1 to 1024"), ("TEXTFLIX_THREADS", "0", "1 to 1024"),
            ("TEXTFLIX_MAX_BATCH_TOKENS", "15", "16 to 1048576"),
            ("TEXTFLIX_MAX_BATCH_TOKENS", "1048577", "16 to 1048576"),
            ("TEXTFLIX_MAX_QUEUE", "5000000000", "1 to 16777216"),
        ])
    func aNumberOutOfRangeIsRefused(name: String, word: String, range: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try resolve("{ \(models) }", [name: word])
        }
        #expect(error?.description == "\(name): '\(word)' is not a whole number from \(range)")
    }

    @Test func theLastNumberOfARangeIsTaken() throws {
        let configuration = try resolve(
            "{ \(models) }",
            [
                "TEXTFLIX_THREADS": "1024", "TEXTFLIX_MAX_BATCH_TOKENS": "16",
                "TEXTFLIX_MAX_QUEUE": "16777216",
            ])
        #expect(configuration.threads == 1024)
        #expect(configuration.limits.batchTokens == 16)
        #expect(configuration.limits.queueTexts == 16_777_216)
    }

    /// As of the queue, so of connections: fewer of them leave some for other users.
    @Test(arguments: [
        ("connections: 20", 20, 15), ("connections: 1", 1, 1),
        ("connections: 20, connections_per_user: 18", 20, 18),
        ("connections_per_user: 18", 16_384, 18), ("", 16_384, 12_288),
    ])
    func oneUsersShareOfTheConnections(limits: String, all: Int, share: Int) throws {
        let found = try resolve("{ \(models), limits: { \(limits) } }").limits
        #expect(found.connections == all && found.connectionsPerUser == share)
    }

    @Test func fewDescriptorsLeaveSomeForOtherUsers() {
        func fitted(_ descriptors: Int, share: Int = 12_288) -> [Int] {
            var limits = ServiceLimits()
            limits.connectionsPerUser = share
            let isLess = limits.fit(descriptors: descriptors)
            #expect(isLess == (limits.connections < 16_384))
            return [limits.connections, limits.connectionsPerUser]
        }
        #expect(fitted(65_536) == [16_384, 12_288])
        #expect(fitted(16_448) == [16_384, 12_288])
        #expect(fitted(1088) == [1024, 768])
        #expect(fitted(1088, share: 100) == [1024, 100])
        #expect(fitted(10) == [1, 1])
    }

    /// Whatever a limit is, Status answers; the wire's 32 bits show the most that they can.
    @Test func statusShowsALimitOfMoreThan32Bits() throws {
        let daemon = try TestDaemon { $0.queueTexts = 5_000_000_000 }
        let page = try daemon.connect().status()
        #expect(page.limits?.queueTexts == UInt32.max)
    }

    @Test func modelsFromTheEnvironmentAndTwiceTheSame() throws {
        let configuration = try resolve("{}", ["TEXTFLIX_MODELS": "a=/a,b=/b=c"])
        #expect(configuration.models.map(\.path) == ["/a", "/b=c"])
        let error = #expect(throws: ConfigurationError.self) {
            try resolve("{}") { $0.models = [("a", "/a"), ("a", "/b")] }
        }
        #expect(error?.description == "two models are named a")
    }

    @Test(
        arguments: [
            (nil, Fault.none), ("hang", .hang), ("slow=20", .slow(milliseconds: 20)),
            ("slow", nil), ("hang=1", nil), ("", nil), ("slow=-1", nil),
        ] as [(String?, Fault?)])
    func faultsAreSpelledOut(word: String?, fault: Fault?) {
        #expect(Fault(word: word) == fault)
    }
}
