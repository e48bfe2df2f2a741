// What keeps a request from reaching the daemon: socket, permission, unit, a daemon that is silent.
//
// Remedies are for what keeps this very socket: the service manager's by its unit, another's by its
// owner.

import TextflixClient

extension InstallationFacts {
    var socketFinding: Finding? {
        if socket != nil { return Finding(grade: .good, subject: "socket", text: path) }
        if isHidden {
            return Finding(
                grade: .fault, subject: "permission",
                text: "the folder of \(path) is closed to you",
                remedy: service == nil
                    ? "ask its owner, or see --socket" : "sudo chmod 755 /run/textflix")
        }
        return Finding(
            grade: .fault, subject: "socket", text: "there is none at \(path)",
            remedy: start ?? "start textflixd, or see --socket")
    }

    /// The ways to be kept out: by the mode, or by not being in the group, or not since the login.
    var permissionFinding: Finding? {
        guard let socket, !isRoot else { return nil }
        if mayConnect(to: socket) {
            return Finding(grade: .good, subject: "permission", text: "you may connect")
        }
        if socket.isOwn || socket.mode & 0o020 == 0 { return modeFinding(socket) }
        let name = socket.groupName ?? "\(socket.group)"
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

    /// As connect(2) judges: it takes the right to write, of the one class that one is in.
    private func mayConnect(to socket: Socket) -> Bool {
        if socket.isOwn { return socket.mode & 0o200 != 0 }
        return socket.mode & (groups.contains(socket.group) ? 0o020 : 0o002) != 0
    }

    /// Its mode is closed to all of the group.
    private func modeFinding(_ socket: Socket) -> Finding? {
        guard trouble != nil else { return nil }
        return Finding(
            grade: .fault, subject: "permission",
            text: "the socket's mode is 0\(String(socket.mode, radix: 8)), which keeps you out",
            remedy: service.map {
                "SocketMode=0660 in: sudo systemctl edit \($0).socket;"
                    + " then: sudo systemctl restart \($0).socket"
            } ?? "set \"socket_mode\" in the daemon's configuration, or chmod the socket")
    }

    /// Of this path's unit; whoever looks at a path that has none is told of the system's.
    var unitFinding: Finding? {
        guard let unit = socketUnit else { return nil }
        guard let name = unitName else {
            guard unit.isInstalled else { return nil }
            return Finding(
                grade: .note, subject: "unit",
                text: "the system's daemon has another socket, \(SocketPath.system)",
                remedy: "textflixctl --socket \(SocketPath.system) doctor looks at that one")
        }
        guard unit.isInstalled else {
            return Finding(
                grade: .note, subject: "unit", text: "\(name).socket is not installed",
                remedy: "deploy/install puts it in place")
        }
        guard unit.masked.isEmpty else {
            return Finding(
                grade: .fault, subject: "unit",
                text: "masked: \(unit.masked.joined(separator: ", "))", remedy: start ?? "")
        }
        if unit.isActive {
            return Finding(grade: .good, subject: "unit", text: "\(name).socket listens")
        }
        return Finding(
            grade: .fault, subject: "unit",
            text: unit.isEnabled
                ? "\(name).socket is enabled but does not listen"
                : "\(name).socket is installed but not enabled",
            remedy: [start, journal].compactMap(\.self).joined(separator: "; "))
    }

    /// What makes the unit listen, by what keeps it from that; nil: there is no unit.
    private var start: String? {
        guard let service, let unit = socketUnit else { return nil }
        let enable = "sudo systemctl enable --now \(service).socket"
        if !unit.masked.isEmpty {
            return "sudo systemctl unmask \(unit.masked.joined(separator: " ")); \(enable)"
        }
        // It listens, at a path that is gone: to enable it does nothing.
        if unit.isActive { return "sudo systemctl restart \(service).socket" }
        guard unit.isEnabled else { return enable }
        // Starts that failed too often took it down, and are not forgotten by themselves.
        return "sudo systemctl reset-failed \(service).service \(service).socket; \(enable)"
    }

    private var journal: String? {
        service.map { "\(readsJournal ? "" : "sudo ")journalctl -u \($0) -n 50" }
    }

    var daemonFinding: Finding? {
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
            remedy: journal ?? "see what textflixd said, and start it anew")
    }
}
