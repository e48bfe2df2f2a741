// The facts of this machine, read from files and from the daemon; nothing is changed and no other
// program is run.

import Syscalls
import TextRuns
import TextflixClient
import TextflixProtocol

extension InstallationFacts {
    static func gather(socket explicit: String?, timeout: Duration) -> InstallationFacts {
        var facts = InstallationFacts()
        facts.path =
            SocketPath.resolve(
                explicit: explicit, environment: { environment($0) }, exists: { fileExists($0) }
            ).path
        facts.user = Accounts.userName(ThisProcess.user) ?? "USER"
        facts.isRoot = ThisProcess.user == 0
        facts.groups = Accounts.memberships
        if let status = try? FileStatus(path: facts.path), status.kind == .socket {
            let name = Accounts.groupName(status.group)
            facts.socket = Socket(mode: status.mode, group: status.group, groupName: name)
            facts.isListedInGroup = name.map { isMember(facts.user, of: $0) } ?? false
        }
        facts.socketUnit = unit("textflixd.socket", wantedBy: "sockets.target")
        facts.ask(timeout)
        facts.readMachine()
        return facts
    }

    /// One request, without retries: a doctor does not hide symptoms.
    private mutating func ask(_ timeout: Duration) {
        do throws(ClientError) {
            let client = try Client(path: path, retry: .never)
            let status = try client.call(.status, StatusRequest(), timeout: timeout)
            daemon = Daemon(
                version: status.version, state: status.state.word,
                models: status.models.map {
                    Model(
                        name: $0.name, precision: $0.precision, error: $0.error,
                        mappedBytes: $0.mappedBytes)
                },
                lockLimit: Self.lockLimit(ofProcess: status.processId),
                instructionSet: status.engine?.instructionSet ?? "")
        } catch { trouble = error }
    }

    /// What /proc tells.
    private mutating func readMachine() {
        let flags = Self.field("flags", in: "/proc/cpuinfo") ?? ""
        processorFeatures = Set(flags.split(separator: " ").map(String.init))
        let available = Self.field("MemAvailable", in: "/proc/meminfo") ?? ""
        availableMemory = UInt64(available.prefix { $0.isNumber }).map { $0 << 10 }  // in kB
        openblasVariables = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS"]
            .filter { environment($0) != nil }
    }

    /// Whether /etc/group lists the user, who may have been added since the login.
    private static func isMember(_ user: String, of group: String) -> Bool {
        lines(of: "/etc/group").contains { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            return fields.count == 4 && fields[0] == group
                && fields[3].split(separator: ",").contains(Substring(user))
        }
    }

    /// What systemd keeps about a unit in files; nil where it does not run.
    private static func unit(_ name: String, wantedBy target: String) -> Unit? {
        guard isDirectory("/run/systemd/system") else { return nil }
        let places = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map {
            "\($0)/systemd/system"
        }
        return Unit(
            isInstalled: places.contains { fileExists("\($0)/\(name)") },
            isEnabled: places.contains { fileExists("\($0)/\(target).wants/\(name)") },
            isActive: isListenedOn(SocketPath.system))
    }

    /// `Num RefCount Protocol Flags Type St Inode Path`; a listener has __SO_ACCEPTCON (0x10000).
    private static func isListenedOn(_ path: String) -> Bool {
        lines(of: "/proc/net/unix").contains { line in
            let fields = line.split(separator: " ", maxSplits: 7)
            return fields.count == 8 && fields[3] == "00010000" && fields[7] == path
        }
    }

    /// `Max locked memory  8388608  8388608  bytes`
    private static func lockLimit(ofProcess process: UInt32) -> UInt64? {
        let line = lines(of: "/proc/\(process)/limits").first { $0.hasPrefix("Max locked memory") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { UInt64($0) }
    }

    /// The value of the first line that begins with the name, as in `name : value`.
    private static func field(_ name: String, in path: String) -> String? {
        let line = lines(of: path).first { $0.hasPrefix(name) }
        return line?.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
    }

    private static func lines(of path: String) -> [Substring] {
        guard let bytes = try? readFile(path, limit: 4 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
