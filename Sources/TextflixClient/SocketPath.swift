// Where the daemon's socket is: what was asked for, else what the environment says, else where
// the daemon puts it.
//
//     explicit -> $TEXTFLIX_SOCKET -> $XDG_RUNTIME_DIR/textflix/textflix.sock -> /run/textflix/…
//
// A daemon of the user's own goes before the system's, but only where its socket exists. What was
// named explicitly is never replaced by something else: texts must not go to an unexpected reader.

package struct SocketPath: Sendable, Equatable {
    /// The path to connect to.
    package let path: String
    /// All the places that were looked at: more than one only when nothing was named explicitly.
    package let candidates: [String]

    package static let system = "/run/textflix/textflix.sock"
    /// sockaddr_un.sun_path has 108 bytes, the last of them 0.
    package static let mostBytes = 107

    /// - Parameters:
    ///   - environment: a variable's value; nil also for an empty one.
    ///   - exists: whether there is a file of that name.
    package static func resolve(
        explicit: String?, environment: (String) -> String?, exists: (String) -> Bool
    ) -> SocketPath {
        if let named = explicit ?? environment("TEXTFLIX_SOCKET") {
            return SocketPath(path: named, candidates: [named])
        }
        let own = environment("XDG_RUNTIME_DIR").map { "\($0)/textflix/textflix.sock" }
        let candidates = [own, system].compactMap { $0 }
        return SocketPath(path: candidates.first(where: exists) ?? system, candidates: candidates)
    }
}
