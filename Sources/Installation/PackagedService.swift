// Where the packaged service has its files, and what its unit keeps from it: as deploy/install lays
// them down and systemd/textflixd.service has it, for who warns before a start or looks after one.
//
// Names alone: nothing is looked up, and a drop-in may have opened more than the unit does.

package enum PackagedService {
    package static let configurations = "/etc/textflix"
    package static let models = "/var/lib/textflix/models"
    /// The one folder that it writes below (ProtectSystem=strict, CacheDirectory=).
    package static let cache = "/var/cache/textflix"
    /// ProtectHome=, PrivateTmp=.
    private static let hidden = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"]

    /// - Parameter folder: without links.
    package static func sees(_ folder: String) -> Bool {
        !hidden.contains { lies(folder, below: $0) }
    }

    /// - Parameter folder: without links.
    package static func mayWrite(_ folder: String) -> Bool { lies(folder, below: cache) }

    private static func lies(_ folder: String, below top: String) -> Bool {
        folder == top || folder.hasPrefix("\(top)/")
    }
}
