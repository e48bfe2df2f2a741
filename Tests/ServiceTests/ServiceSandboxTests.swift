// What a check of a unit's configuration says beyond the configuration itself: what the unit keeps
// from the service, and what it adds.

import Syscalls
import TestSupport
import Testing

@testable import Service

@Suite struct ServiceSandboxTests {
    private func configuration(
        _ model: String, file: String? = "/etc/textflix/textflixd.json"
    ) -> DaemonConfiguration {
        var configuration = DaemonConfiguration()
        configuration.file = file
        configuration.models = [ModelSource(name: "m", path: model)]
        return configuration
    }

    @Test(arguments: ["/home", "/root", "/run/user", "/tmp", "/var/tmp"])
    func aModelThatTheServiceDoesNotSee(top: String) {
        let found = ServiceSandbox.warnings(configuration("\(top)/no-such-user/m"))
        #expect(found.count == 1 && found[0].hasPrefix("model m: \(top)/no-such-user/m: "))
        #expect(found[0].contains("put it into /var/lib/textflix/models"))
        let beside = ServiceSandbox.warnings(configuration("\(top)-not/m"))
        #expect(beside.isEmpty)
    }

    @Test(arguments: [nil, "textflixd.json", "/srv/textflix/textflixd.json"] as [String?])
    func aConfigurationOfNoUnit(file: String?) {
        var other = configuration("/tmp/m", file: file)
        other.cacheDirectory = "/srv/packed"
        #expect(ServiceSandbox.warnings(other).isEmpty)
        let failure = LoadFailure("no such folder")
        #expect(ServiceSandbox.explained(failure, other.models[0], other) == failure)
    }

    /// However it is named.
    @Test func aLinkedFolder() throws {
        let folder = try TemporaryFolder("sandbox")
        let found = ServiceSandbox.warnings(configuration("/proc/self/root\(folder.path)"))
        #expect(found.count == 1)
    }

    @Test(.enabled(if: isDirectory("/dev/shm")))
    func aBaseThatTheServiceDoesNotSee() throws {
        let folder = try TemporaryFolder("sandbox", in: "/dev/shm")
        #expect(ServiceSandbox.warnings(configuration(folder.path)).isEmpty)
        let settings = #"{ base: "/var/tmp/encoder", head: "h.safetensors", labels: ["a", "b"] }"#
        try folder.write("textflix.json", settings)
        let found = ServiceSandbox.warnings(configuration(folder.path))
        #expect(found.count == 1 && found[0].hasPrefix("model m: /var/tmp/encoder: "))
    }

    @Test func aCacheThatTheServiceCannotWrite() {
        var good = configuration("/var/lib/textflix/models/m")
        for folder in [nil, "/var/cache/textflix", "/var/cache/textflix/more"] {
            good.cacheDirectory = folder
            #expect(ServiceSandbox.warnings(good).isEmpty)
        }
        good.cacheDirectory = "/srv/packed"
        let found = ServiceSandbox.warnings(good)
        #expect(found.count == 1 && found[0].contains("cache_dir /srv/packed"))
        #expect(found[0].contains("ReadWritePaths="))
    }

    @Test func aLoadThatFailedIsExplained() {
        let hidden = configuration("/tmp/no-such-user/m")
        let failure = LoadFailure("no such folder")
        let explained = ServiceSandbox.explained(failure, hidden.models[0], hidden)
        #expect(explained.text.hasPrefix("no such folder; the service sees no homes"))
        let seen = configuration("/var/lib/textflix/models/m")
        #expect(ServiceSandbox.explained(failure, seen.models[0], seen) == failure)
    }

    // MARK: What the unit adds

    @Test func variablesAreReadAsTheyAreWritten() {
        let read = ServiceEnvironment(
            path: "/e",
            text: """
                # TEXTFLIX_ISA=scalar
                ; TEXTFLIX_ISA=scalar
                  TEXTFLIX_THREADS=2\u{20}
                TEXTFLIX_MODELS="a=/a,b=/b"
                TEXTFLIX_PRECISION='f32'
                TEXTFLIX_SOCKET=
                a line of its own
                """)
        #expect(read["TEXTFLIX_ISA"] == nil && read["TEXTFLIX_SOCKET"] == nil)
        #expect(read["TEXTFLIX_THREADS"] == "2")
        #expect(read["TEXTFLIX_MODELS"] == "a=/a,b=/b")
        #expect(read["TEXTFLIX_PRECISION"] == "f32")
    }

    @Test func whatAStartWouldRefuseOfThem() {
        let checked = configuration("/var/lib/textflix/models/m")
        let bad = ServiceEnvironment(
            path: "/e", text: "TEXTFLIX_THREADS=many\nTEXTFLIX_ISA=avx215\n")
        let faults = bad.faults(checked)
        #expect(faults.count == 2)
        #expect(faults.first?.hasPrefix("/e: TEXTFLIX_THREADS: 'many'") == true)
        #expect(faults.last?.hasPrefix("/e: TEXTFLIX_ISA: 'avx215'") == true)
        let good = ServiceEnvironment(path: "/e", text: "TEXTFLIX_ISA=scalar\n")
        #expect(good.faults(checked).isEmpty)
    }

    @Test(
        arguments: [
            ("/etc/textflix/textflixd.json", "/etc/default/textflixd"),
            ("/etc/textflix/topics.json", "/etc/default/textflixd-topics"),
            ("/etc/textflix/topics", nil),
        ] as [(String, String?)])
    func whichFileBelongsToWhich(configuration: String, environment: String?) {
        #expect(ServiceEnvironment.path(besides: configuration) == environment)
    }
}
