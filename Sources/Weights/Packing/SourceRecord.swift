// Which revision a folder of a model had, as the cache of packed weights remembers it:
//
//     { "folder": "DIR", "source": "...", "revision": "..." }
//
// The folder is where it really is, no link to it; the source is its SourceFingerprint. Where the
// folder is not named, its path is no text: then nobody can tell whether it is still there.

internal import JSONText
internal import Syscalls

struct SourceRecord: Equatable {
    let folder: String?
    let source: String
    let revision: Revision

    init(_ folder: ModelFolder) {
        let path = realFolder(folder.path)
        self.folder = fileExists(path) ? path : nil
        source = folder.source.description
        revision = folder.revision
    }

    /// nil where there is none, or none that can be read.
    init?(path: String) {
        guard let file = try? JSONSource(path, limit: Limits.recordBytes),
            let source = try? file.string("source"),
            let digits = try? file.string("revision"), let revision = Revision(digits)
        else { return nil }
        folder = try? file.string("folder")
        self.source = source
        self.revision = revision
    }

    /// Whether its folder is no more; one that may not be looked at, or has no full path, is there.
    var isOfTheGone: Bool {
        guard let folder, folder.hasPrefix("/") else { return false }
        return (try? isPresent(folder)) == false
    }

    func write(_ path: String) throws(Errno) {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        if let folder { json.member("folder", folder) }
        json.member("source", source)
        json.member("revision", revision.description)
        json.endObject()
        try writeFileAtomically(path, bytes: json.bytes, owner: .directory)
    }
}
