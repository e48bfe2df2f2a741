// What is known of this machine and its daemon: plain values, so that a test can make up any.
//
// Optional: it could not be seen. Nothing is judged here.

import Installation
import TextflixClient

struct InstallationFacts: Sendable {
    struct Socket: Sendable {
        var mode: UInt32
        var group: UInt32
        var groupName: String?
        /// This user's.
        var isOwn = false
    }

    /// The socket's unit.
    struct Unit: Sendable {
        var isInstalled: Bool
        var isEnabled: Bool
        var isActive: Bool
        /// It or its service, where it is a link to /dev/null.
        var masked: [String] = []
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
        /// Bytes that its control group may have; nil: the same.
        var memoryLimit: UInt64?
        /// Its command line asks for locked memory.
        var hasLockFlag = false
        var instructionSet: String
        /// Progress while it loads; later what the last load refused as a whole.
        var detail = ""
    }

    /// What the service manager's configuration file names.
    struct Configuration: Sendable {
        struct Folder: Sendable {
            var name: String
            var path: String
            /// Without links, as far as they can be followed.
            var realPath: String
            var isMissing = false
        }

        var models: [Folder] = []
        var cache: Folder?
        var lock = false
    }

    var path = SocketPath.system
    /// nil: there is no socket at the path, or none that can be seen.
    var socket: Socket?
    /// A folder above the path is closed to this user.
    var isHidden = false
    var user = ""
    var isRoot = false
    /// Groups of this process, and groups that the user has joined since.
    var groups: [UInt32] = []
    /// Whether /etc/group has the user in the socket's group.
    var isListedInGroup = false
    /// Whether this user sees what services say.
    var readsJournal = false
    /// Of the unit at the path, or of the system's; nil: no service manager runs here.
    var socketUnit: Unit?
    /// nil: no unit's, or not to be read.
    var configuration: Configuration?
    /// What fetches the default model.
    var modelScript = "deploy/get-model"
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
    /// What the service manager calls a daemon at this path, without the ending: `textflixd`, or
    /// `textflixd@NAME`; nil: it keeps none there.
    var unitName: String? {
        let (folder, ending) = ("/run/textflix/", ".sock")
        guard path.hasPrefix(folder), path.hasSuffix(ending) else { return nil }
        let name = path.dropFirst(folder.count).dropLast(ending.count)
        guard !name.isEmpty, !name.contains("/") else { return nil }
        return name == "textflix" ? "textflixd" : "textflixd@\(name)"
    }

    /// The same, if it is installed: then it is the service manager's to mend, else its owner's.
    var service: String? { socketUnit?.isInstalled == true ? unitName : nil }

    /// What that service reads.
    var configurationFile: String? {
        service.map { service in
            "\(PackagedService.configurations)/\(service.split(separator: "@").last ?? "").json"
        }
    }
}
