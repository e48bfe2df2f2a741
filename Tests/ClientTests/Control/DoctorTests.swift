// Each fault of an installation, and what it is told to do.

import Testing
import TextflixClient
import TextflixProtocol

@testable import textflixctl

@Suite struct DoctorTests {
    private static var healthy: InstallationFacts {
        var facts = InstallationFacts()
        facts.socket = .init(mode: 0o660, group: 7, groupName: "textflix")
        facts.user = "ada"
        facts.groups = [1000, 7]
        facts.socketUnit = .init(isInstalled: true, isEnabled: true, isActive: true)
        facts.daemon = .init(
            version: "0.1.0", state: "ready",
            models: [.init(name: "m", precision: "int8", error: "", mappedBytes: 1_000_000)],
            instructionSet: "avx512vnni")
        facts.processorFeatures = ["fpu", "avx2", "avx512f"]
        facts.availableMemory = 8_000_000_000
        return facts
    }

    private func faults(_ change: (inout InstallationFacts) -> Void) -> [Finding] {
        var facts = Self.healthy
        change(&facts)
        return facts.findings.filter { $0.grade != .good }
    }

    @Test func healthHasNoFaults() {
        #expect(faults { _ in }.isEmpty)
        #expect(Self.healthy.findings.count == 6)
    }

    @Test func anotherDaemonThanTheSystems() {
        let found = faults { $0.path = "/run/user/1000/textflix/textflix.sock" }
        #expect(found.map(\.subject) == ["unit"] && found[0].grade == .note)
        #expect(found[0].remedy.contains("--socket /run/textflix/textflix.sock doctor"))
        let alone = faults {
            $0.path = "/run/user/1000/textflix/textflix.sock"
            $0.socketUnit?.isInstalled = false
        }
        #expect(alone.isEmpty)
    }

    /// The service manager does not know it.
    @Test func anotherDaemonIsItsOwnersToMend() {
        let found = faults {
            $0.path = "/tmp/s"
            $0.socketUnit?.isInstalled = false
            $0.daemon?.version = "9"
            $0.daemon?.models[0].error = "vocab.txt is missing"
            $0.daemon?.lockLimit = 8192
        }
        #expect(found.map(\.subject) == ["version", "model", "lock limit"])
        #expect(found[1].remedy == "mend it, then: textflixctl --socket /tmp/s reload")
        let silent = faults {
            $0.path = "/tmp/s"
            $0.daemon = nil
            $0.trouble = .cannotConnect(path: "/tmp/s", .nobodyListens)
        }
        let gone = faults {
            $0.path = "/tmp/s"
            $0.socket = nil
            $0.daemon = nil
        }
        for finding in found + silent + gone where finding.subject != "unit" {
            #expect(!finding.remedy.contains("systemctl") && !finding.remedy.contains("journalctl"))
        }
        #expect(silent.contains { $0.subject == "daemon" } && !gone.isEmpty)
    }

    @Test func noSocket() {
        let found = faults {
            $0.socket = nil
            $0.daemon = nil
            $0.socketUnit?.isActive = false
        }
        #expect(found.map(\.subject) == ["socket", "unit"])
        #expect(found[0].remedy == "sudo systemctl enable --now textflixd.socket")
    }

    @Test func notInTheGroup() {
        let denied = ClientError.cannotConnect(
            path: "/x", .notPermitted(group: "textflix", user: "ada"))
        let found = faults {
            $0.groups = [1000]
            $0.daemon = nil
            $0.trouble = denied
        }
        #expect(found.first?.remedy == "sudo usermod -aG textflix ada, then log in anew")
        let joined = faults {
            $0.groups = [1000]
            $0.isListedInGroup = true
            $0.daemon = nil
            $0.trouble = denied
        }
        #expect(joined.first?.remedy == "log in anew, or: newgrp textflix")
    }

    /// A daemon that root started by hand: nobody is sent into root's group for that.
    @Test func theGroupOfRoot() {
        let denied = ClientError.cannotConnect(
            path: "/x", .notPermitted(group: "root", user: "ada"))
        #expect(!denied.description.contains("usermod"))
        let found = faults {
            $0.groups = [1000]
            $0.socket?.group = 0
            $0.socket?.groupName = "root"
            $0.daemon = nil
            $0.trouble = denied
        }
        #expect(found.first?.remedy.contains("socket_mode") == true)
    }

    @Test func brokenAndMissingModels() {
        let broken = faults { $0.daemon?.models[0].error = "vocab.txt is missing" }
        #expect(broken.map(\.text) == ["m: vocab.txt is missing"])
        #expect(faults { $0.daemon?.models = [] }.map(\.subject) == ["model"])
    }

    @Test func notes() {
        #expect(faults { $0.daemon?.version = "9" }.map(\.subject) == ["version"])
        #expect(faults { $0.processorFeatures = ["sse2"] }.map(\.subject) == ["processor"])
        #expect(faults { $0.availableMemory = 1000 }.map(\.subject) == ["memory"])
        #expect(faults { $0.daemon?.lockLimit = 8192 }.map(\.subject) == ["lock limit"])
        #expect(faults { $0.openblasVariables = ["OPENBLAS_CORETYPE"] }.map(\.grade) == [.note])
    }
}
