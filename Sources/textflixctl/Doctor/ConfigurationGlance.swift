// What a doctor reads of a service's configuration file: which folders it names, and whether it has
// weights locked.
//
//     { models: { NAME: "DIR", NAME: { path: "DIR" } }, cache_dir: "DIR", lock: true }
//
// The daemon judges the file; here nothing is refused, and a file that is none has nothing to say.

import JSONText
import Syscalls

extension InstallationFacts.Configuration {
    init?(file: String) {
        guard let bytes = try? readFile(file, limit: 1 << 20),
            let root = try? JSONDocument.parse(bytes, dialect: .json5)
        else { return nil }
        let place = parentDirectory(of: file) ?? "."
        models = (root["models"]?.object ?? []).compactMap { member in
            (member.node.string ?? member.node["path"]?.string).map {
                Folder(name: member.nameText, path: $0, from: place)
            }
        }
        cache = root["cache_dir"]?.string.map { Folder(name: "cache_dir", path: $0, from: place) }
        lock = root["lock"]?.bool ?? false
    }
}

extension InstallationFacts.Configuration.Folder {
    /// - Parameter place: the folder from which a relative path is meant.
    fileprivate init(name: String, path: String, from place: String) {
        let path = path.hasPrefix("/") ? path : "\(place)/\(path)"
        // Where one may not look, nothing is missing.
        let isThere = (try? isPresent(path)) ?? true
        self.init(name: name, path: path, realPath: realFolder(path), isMissing: !isThere)
    }
}
