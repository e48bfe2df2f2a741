// How the paths of an experiment are read: `~/` is the user's home, relative paths are seen from
// the file's folder, and those of texts from another where one is given.

internal import Syscalls

package struct ExperimentPlaces: Sendable {
    /// Of the experiment's file.
    package let folder: String
    /// Where relative paths of texts are seen from instead.
    package let texts: String?

    package init(file: String, texts: String? = nil) {
        folder = parentDirectory(of: file) ?? "."
        self.texts = texts
    }

    package func resolve(_ path: String) -> String { Self.join(folder, path) }

    package func resolveText(_ path: String) -> String { Self.join(texts ?? folder, path) }

    private static func join(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("~/"), let home = environment("HOME") { return home + path.dropFirst() }
        return path.hasPrefix("/") ? path : folder + "/" + path
    }
}
