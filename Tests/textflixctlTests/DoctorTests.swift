// Each fault of an installation, and what it is told to do.

import TestSupport
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
            $0.daemon?.hasLockFlag = true
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
        // What took it down may be the limit on starts.
        let remedy =
            "sudo systemctl reset-failed textflixd.service textflixd.socket; "
            + "sudo systemctl enable --now textflixd.socket"
        #expect(found[0].remedy == remedy)
        #expect(found[1].remedy == "\(remedy); sudo journalctl -u textflixd -n 50")
    }

    @Test func aSocketThatWasNeverEnabled() {
        let found = faults {
            $0.socket = nil
            $0.daemon = nil
            $0.socketUnit = .init(isInstalled: true, isEnabled: false, isActive: false)
            $0.readsJournal = true
        }
        let remedy = "sudo systemctl enable --now textflixd.socket"
        #expect(found.map(\.remedy) == [remedy, "\(remedy); journalctl -u textflixd -n 50"])
    }

    /// The unit listens at a path that is gone: to enable it would do nothing.
    @Test func aSocketThatWasRemoved() {
        let found = faults {
            $0.socket = nil
            $0.daemon = nil
        }
        #expect(found.map(\.remedy) == ["sudo systemctl restart textflixd.socket"])
    }

    @Test func aMaskedUnit() {
        let found = faults {
            $0.socket = nil
            $0.daemon = nil
            $0.socketUnit = .init(
                isInstalled: true, isEnabled: false, isActive: false, masked: ["textflixd.socket"])
        }
        #expect(found.map(\.text).last == "masked: textflixd.socket")
        let remedy =
            "sudo systemctl unmask textflixd.socket; sudo systemctl enable --now textflixd.socket"
        #expect(found.map(\.remedy) == [remedy, remedy])
    }

    /// Whoever owns a path of the service manager's is named by it.
    @Test func anInstanceHasUnitsOfItsOwn() {
        let found = faults {
            $0.path = "/run/textflix/topics.sock"
            $0.daemon?.version = "9"
            $0.daemon?.models[0].error = "vocab.txt is missing"
        }
        #expect(
            found.map(\.remedy) == [
                "sudo systemctl restart textflixd@topics",
                "mend it, then: sudo systemctl reload textflixd@topics",
            ])
        let silent = faults {
            $0.path = "/run/textflix/topics.sock"
            $0.daemon = nil
            $0.trouble = .connectionLost
        }
        #expect(silent.map(\.remedy) == ["sudo journalctl -u textflixd@topics -n 50"])
        var facts = Self.healthy
        #expect(facts.configurationFile == "/etc/textflix/textflixd.json")
        facts.path = "/run/textflix/topics.sock"
        #expect(facts.configurationFile == "/etc/textflix/topics.json")
        facts.path = "/run/textflix/a/b.sock"
        #expect(facts.unitName == nil)
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

    /// A member of the group, and it does not help.
    @Test func aSocketThatIsClosedToItsGroup() {
        let found = faults {
            $0.socket?.mode = 0o600
            $0.daemon = nil
            $0.trouble = .cannotConnect(
                path: "/x", .notPermitted(group: "textflix", user: "ada"))
        }
        #expect(found.map(\.subject) == ["permission"])
        #expect(found[0].text == "the socket's mode is 0600, which keeps you out")
        #expect(found[0].remedy.hasPrefix("SocketMode=0660 in: sudo systemctl edit"))
        // Its owner is in another class.
        let ofOwner = faults {
            $0.socket?.mode = 0o600
            $0.socket?.isOwn = true
        }
        #expect(ofOwner.isEmpty)
    }

    /// Nothing is known of the socket, so nobody is sent into a group.
    @Test func aFolderThatIsClosed() {
        let found = faults {
            $0.path = "/srv/hers/s"
            $0.socketUnit = nil
            $0.socket = nil
            $0.isHidden = true
            $0.daemon = nil
            $0.trouble = .cannotConnect(
                path: "/srv/hers/s", .notPermitted(group: "textflix", user: "ada"))
        }
        #expect(found.map(\.text) == ["the folder of /srv/hers/s is closed to you"])
        #expect(found[0].remedy == "ask its owner, or see --socket")
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

    /// It serves, and would not start again.
    @Test func aConfigurationThatWasRefused() {
        let found = faults { $0.daemon?.detail = "/etc/textflix/textflixd.json:3:1: unknown key" }
        #expect(found.map(\.subject) == ["configuration"] && found[0].grade == .fault)
        #expect(found[0].text.contains(":3:1: unknown key"))
        #expect(found[0].remedy.contains("--check-config"))
        #expect(found[0].remedy.hasSuffix("then: sudo systemctl reload textflixd"))
        // Progress is no fault.
        let loading = faults {
            $0.daemon?.state = "loading"
            $0.daemon?.detail = "loading m (1 of 1)"
        }
        #expect(loading.map(\.grade) == [.note])
    }

    @Test func theDefaultModelIsNotThereYet() {
        let place = "/var/lib/textflix/models/sentiment"
        let refused = Status(code: .failedPrecondition, message: "textflixd cannot start: m")
        let found = faults {
            $0.daemon = nil
            $0.trouble = .failed(refused)
            $0.modelScript = "/usr/local/share/textflix/deploy/get-model"
            $0.configuration = .init(models: [
                .init(name: "m", path: place, realPath: place, isMissing: true),
                .init(name: "n", path: "/srv/n", realPath: "/srv/n", isMissing: true),
            ])
        }
        #expect(found.map(\.subject) == ["daemon", "model", "model"])
        #expect(found[0].remedy == "sudo journalctl -u textflixd -n 50")
        let fetch =
            "sudo /usr/local/share/textflix/deploy/get-model --into /var/lib/textflix/models"
        #expect(found[1].remedy == fetch)
        #expect(found[2].text == "n: /srv/n is not there" && !found[2].remedy.contains("get-model"))
    }

    @Test func foldersThatTheServiceDoesNotSee() {
        let found = faults {
            $0.configuration = .init(
                models: [
                    .init(name: "m", path: "/srv/link", realPath: "/run/user/1000/m"),
                    .init(name: "n", path: "/tmpfs", realPath: "/tmpfs"),
                ], cache: .init(name: "cache_dir", path: "/srv/packed", realPath: "/srv/packed"))
        }
        #expect(found.map(\.grade) == [.note, .note])
        #expect(found[0].text.hasPrefix("m: ") && found[0].remedy.contains("/var/lib/textflix"))
        #expect(found[1].remedy.contains("ReadWritePaths=/srv/packed"))
        // Another's daemon has its owner's view.
        let own = faults {
            $0.path = "/srv/s"
            $0.socketUnit = nil
            $0.configuration = .init(models: [.init(name: "m", path: "/tmp/m", realPath: "/tmp/m")])
        }
        #expect(own.isEmpty)
    }

    @Test func aGlanceAtTheConfiguration() throws {
        let folder = try TemporaryFolder("doctor")
        let text = "{ models: { here: \"\(folder.path)\", gone: { path: \"no\" } }, lock: true, }"
        let file = try folder.write("textflixd.json", text)
        let found = try #require(InstallationFacts.Configuration(file: file))
        #expect(found.models.map(\.path) == [folder.path, folder("no")])
        #expect(found.models.map(\.isMissing) == [false, true])
        #expect(found.lock && found.cache?.path == nil)
        #expect(InstallationFacts.Configuration(file: folder("none.json"))?.lock == nil)
    }

    @Test func notes() {
        #expect(faults { $0.daemon?.version = "9" }.map(\.subject) == ["version"])
        #expect(faults { $0.processorFeatures = ["sse2"] }.map(\.subject) == ["processor"])
        #expect(faults { $0.availableMemory = 1000 }.map(\.subject) == ["memory"])
        let bound = faults { $0.daemon?.memoryLimit = 999_999 }
        #expect(bound.map(\.subject) == ["memory"] && bound[0].remedy.contains("MemoryMax="))
        let unbound = faults { $0.daemon?.memoryLimit = 1_000_000 }
        #expect(unbound.isEmpty)
        // Only of a daemon that is to lock them.
        let unlocked = faults { $0.daemon?.lockLimit = 8192 }
        #expect(unlocked.isEmpty)
        let limited = faults {
            $0.daemon?.lockLimit = 8192
            $0.configuration = .init(lock: true)
        }
        #expect(limited.map(\.subject) == ["lock limit"])
        #expect(faults { $0.openblasVariables = ["OPENBLAS_CORETYPE"] }.map(\.grade) == [.note])
    }
}
