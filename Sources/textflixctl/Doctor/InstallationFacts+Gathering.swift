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
        facts.readsJournal =
            facts.isRoot
            || facts.groups.contains {
                ["adm", "systemd-journal"].contains(Accounts.groupName($0) ?? "")
            }
        facts.readSocket()
        facts.socketUnit =
            facts.unitName.map { unit($0, at: facts.path) }
            ?? unit("textflixd", at: SocketPath.system)
        facts.configuration = facts.configurationFile.flatMap { Configuration(file: $0) }
        facts.modelScript = installedModelScript ?? facts.modelScript
        facts.ask(timeout)
        facts.readMachine()
        return facts
    }

    private mutating func readSocket() {
        do throws(Errno) {
            let status = try FileStatus(path: path)
            guard status.kind == .socket else { return }
            let name = Accounts.groupName(status.group)
            socket = Socket(
                mode: status.mode, group: status.group, groupName: name,
                isOwn: status.owner == ThisProcess.user)
            isListedInGroup = name.map { Self.isMember(user, of: $0) } ?? false
        } catch { isHidden = error == .accessDenied }
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
                memoryLimit: ControlGroup(ofProcess: status.processId).memoryLimit,
                hasLockFlag: Self.arguments(ofProcess: status.processId).contains("--lock"),
                instructionSet: status.engine?.instructionSet ?? "", detail: status.detail)
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

    /// What systemd keeps in files about a unit and its socket; nil where it does not run.
    private static func unit(_ name: String, at path: String) -> Unit? {
        guard isDirectory("/run/systemd/system") else { return nil }
        let places = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map {
            "\($0)/systemd/system"
        }
        func isThere(_ file: String) -> Bool { places.contains { fileExists("\($0)/\(file)") } }
        let socket = "\(name).socket"
        let template = name.contains("@") ? "textflixd@.socket" : socket
        return Unit(
            isInstalled: isThere(socket) || isThere(template),
            isEnabled: isThere("sockets.target.wants/\(socket)"),
            isActive: isListenedOn(path),
            masked: [socket, "\(name).service"].filter { file in
                places.contains { (try? readLink("\($0)/\(file)")) == "/dev/null" }
            })
    }

    /// `Num RefCount Protocol Flags Type St Inode Path`; a listener has __SO_ACCEPTCON (0x10000).
    private static func isListenedOn(_ path: String) -> Bool {
        lines(of: "/proc/net/unix").contains { line in
            let fields = line.split(separator: " ", maxSplits: 7)
            return fields.count == 8 && fields[3] == "00010000" && fields[7] == path
        }
    }

    /// Beside this program, as `deploy/install` lays it down.
    private static var installedModelScript: String? {
        guard let program = try? readLink("/proc/self/exe"),
            let prefix = parentDirectory(of: program).flatMap({ parentDirectory(of: $0) })
        else { return nil }
        let script = "\(prefix)/share/textflix/deploy/get-model"
        return fileExists(script) ? script : nil
    }

    private static func arguments(ofProcess process: UInt32) -> [String] {
        let bytes = (try? readFile("/proc/\(process)/cmdline", limit: 1 << 20)) ?? []
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
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
