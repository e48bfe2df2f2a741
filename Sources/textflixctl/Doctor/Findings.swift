// What is wrong with an installation, from facts: pure, so every fault has a test.
//
// A finding says what was looked at, how it is, and when it is not well what to do. It judges only
// what it can see: a fact that could not be read gives no finding, never a guess.

import CommandLineTable
import Presentation
import TextflixClient

struct Finding: Sendable, Equatable {
    enum Grade: Sendable { case good, note, fault }
    let grade: Grade
    /// What was looked at, one or two words.
    let subject: String
    let text: String
    /// What to do; empty: nothing.
    var remedy = ""
}

/// What is known of this machine and its daemon. Optional: it could not be seen.
struct InstallationFacts: Sendable {
    struct Socket: Sendable {
        var mode: UInt32
        var group: UInt32
        var groupName: String?
    }

    struct Unit: Sendable {
        var isInstalled: Bool
        var isEnabled: Bool
        var isActive: Bool
    }

    struct Model: Sendable {
        var name: String
        var precision: String
        var error: String
        var mappedBytes: UInt64
    }

    struct Daemon: Sendable {
        var version: String
        var state: String
        var models: [Model]
        /// Bytes that it may lock in memory; nil: not to be seen, or without limit.
        var lockLimit: UInt64?
        var instructionSet: String
    }

    var path = SocketPath.system
    /// nil: there is no socket at the path.
    var socket: Socket?
    var user = ""
    var isRoot = false
    /// Groups of this process, and groups that the user has joined since.
    var groups: [UInt32] = []
    /// Whether /etc/group has the user in the socket's group.
    var isListedInGroup = false
    /// nil: no service manager runs here.
    var socketUnit: Unit?
    /// Why the daemon did not answer; nil: it did.
    var trouble: ClientError?
    var daemon: Daemon?
    /// As the kernel spells them: `avx2`, `avx512_vnni`.
    var processorFeatures: Set<String> = []
    var availableMemory: UInt64?
    /// Names of variables that would slow a daemon started from here.
    var openblasVariables: [String] = []
}

extension InstallationFacts {
    /// Whether it is the daemon that the service manager keeps; another is its owner's to mend.
    private var isSystems: Bool { path == SocketPath.system }

    /// In the order in which one would look: first what keeps a request from arriving at all.
    var findings: [Finding] {
        [socketFinding, permissionFinding, unitFinding, daemonFinding, versionFinding].compactMap {
            $0
        }
            + modelFindings
            + [processorFinding, memoryFinding, lockFinding, environmentFinding].compactMap { $0 }
    }

    private var socketFinding: Finding? {
        guard socket == nil else {
            return Finding(grade: .good, subject: "socket", text: path)
        }
        return Finding(
            grade: .fault, subject: "socket", text: "there is none at \(path)",
            remedy: isSystems && socketUnit?.isInstalled == true
                ? "sudo systemctl enable --now textflixd.socket"
                : "start textflixd, or see --socket")
    }

    /// The three ways not to be in a group: never joined, joined since the login, a closed mode.
    private var permissionFinding: Finding? {
        guard let socket, !isRoot else { return nil }
        let name = socket.groupName ?? "\(socket.group)"
        if socket.mode & 0o006 == 0o006 || groups.contains(socket.group) {
            return Finding(grade: .good, subject: "permission", text: "you may connect")
        }
        if isListedInGroup {
            return Finding(
                grade: .fault, subject: "permission",
                text: "you are in the group '\(name)' but have logged in before that",
                remedy: "log in anew, or: newgrp \(name)")
        }
        guard trouble != nil else { return nil }
        // Membership in root's group would open far more than a socket.
        return Finding(
            grade: .fault, subject: "permission", text: "the socket is for the group '\(name)'",
            remedy: socket.group == 0
                ? "chgrp the socket, or set \"socket_mode\" in the daemon's configuration"
                : "sudo usermod -aG \(name) \(user), then log in anew")
    }

    /// Of the system's own socket; whoever looks at another is told so.
    private var unitFinding: Finding? {
        guard let unit = socketUnit else { return nil }
        guard isSystems else {
            guard unit.isInstalled else { return nil }
            return Finding(
                grade: .note, subject: "unit",
                text: "the system's daemon has another socket, \(SocketPath.system)",
                remedy: "textflixctl --socket \(SocketPath.system) doctor looks at that one")
        }
        guard unit.isInstalled else {
            return Finding(
                grade: .note, subject: "unit", text: "textflixd.socket is not installed",
                remedy: "deploy/install puts it in place")
        }
        if unit.isActive {
            return Finding(grade: .good, subject: "unit", text: "textflixd.socket listens")
        }
        return Finding(
            grade: .fault, subject: "unit",
            text: unit.isEnabled
                ? "textflixd.socket is enabled but does not listen"
                : "textflixd.socket is installed but not enabled",
            remedy: "sudo systemctl enable --now textflixd.socket; journalctl -u textflixd")
    }

    private var daemonFinding: Finding? {
        if let daemon {
            return Finding(
                grade: daemon.state == "ready" ? .good : .note, subject: "daemon",
                text: "answers, \(daemon.state)"
                    + (daemon.instructionSet.isEmpty
                        ? "" : ", kernels for \(daemon.instructionSet)"))
        }
        // Who may not connect has been told what to do.
        guard socket != nil, let trouble, permissionFinding?.grade != .fault else { return nil }
        let first = trouble.description.split(separator: "\n").first.map(String.init) ?? ""
        return Finding(
            grade: .fault, subject: "daemon", text: first,
            remedy: isSystems
                ? "journalctl -u textflixd -n 50" : "see what textflixd said, and start it anew")
    }

    private var versionFinding: Finding? {
        guard let daemon, daemon.version != Release.version else { return nil }
        return Finding(
            grade: .note, subject: "version",
            text: "textflixctl is \(Release.version), the daemon \(daemon.version)",
            remedy: isSystems ? "sudo systemctl restart textflixd" : "start textflixd anew")
    }

    private var modelFindings: [Finding] {
        guard let daemon else { return [] }
        guard !daemon.models.isEmpty else {
            return [
                Finding(
                    grade: .fault, subject: "model", text: "none is configured",
                    remedy: isSystems
                        ? "name one in /etc/textflix/textflixd.json"
                        : "name one in its configuration, or with textflixd --model NAME=DIR")
            ]
        }
        return daemon.models.map { model in
            guard model.error.isEmpty else {
                return Finding(
                    grade: .fault, subject: "model", text: "\(model.name): \(model.error)",
                    remedy: "mend it, then: "
                        + (isSystems
                            ? "sudo systemctl reload textflixd"
                            : "textflixctl --socket \(path) reload"))
            }
            let size = byteText(model.mappedBytes)
            return Finding(
                grade: .good, subject: "model", text: "\(model.name), \(model.precision), \(size)")
        }
    }

    /// Named by what the kernels can use of it.
    private var processorFinding: Finding? {
        guard !processorFeatures.isEmpty else { return nil }
        let fast = [
            ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_vnni", "VNNI"),
            ("avx_vnni", "AVX VNNI"),
            ("avx512_bf16", "BF16"),
        ].filter { processorFeatures.contains($0.0) }.map(\.1)
        guard fast.isEmpty else {
            return Finding(
                grade: .good, subject: "processor", text: fast.joined(separator: ", "))
        }
        return Finding(
            grade: .note, subject: "processor",
            text: "without AVX2: answers are right, but slow by a factor of ten")
    }

    /// Models that do not fit are read from disk again and again.
    private var memoryFinding: Finding? {
        guard let available = availableMemory, let daemon else { return nil }
        let mapped = daemon.models.reduce(0) { $0 + $1.mappedBytes }
        guard mapped > available else { return nil }
        return Finding(
            grade: .note, subject: "memory",
            text: "models map \(byteText(mapped)), \(byteText(available)) are available",
            remedy: "a smaller precision (int8 is a quarter of f32) keeps them in memory")
    }

    private var lockFinding: Finding? {
        guard let limit = daemon?.lockLimit else { return nil }
        let mapped = daemon?.models.reduce(0) { $0 + $1.mappedBytes } ?? 0
        guard limit < mapped else { return nil }
        return Finding(
            grade: .note, subject: "lock limit",
            text:
                "the daemon may lock \(byteText(limit)), less than its models: they can be swapped",
            remedy: isSystems
                ? "LimitMEMLOCK=infinity in the unit" : "ulimit -l unlimited before it starts")
    }

    private var environmentFinding: Finding? {
        guard !openblasVariables.isEmpty else { return nil }
        return Finding(
            grade: .note, subject: "environment",
            text:
                "\(openblasVariables.joined(separator: ", ")) set: a daemon started here ignores it"
        )
    }
}
