// The folder that a run writes. Two runs must not write the same one, and a model of another origin
// that stands there, perhaps somebody's only copy, is not written over.

internal import Syscalls
internal import Weights

struct OutputFolder {
    let path: String

    /// Whether a model stands there, whoever wrote it.
    var holdsModel: Bool {
        ["/config.json", "/textflix.json"].contains { fileExists(path + $0) }
    }

    /// Keeps other runs out as long as it lives.
    /// - Parameter folder: where the lock's file is; made if it is not there.
    func lock(in folder: String) throws -> FileLock {
        try writing(folder) { () throws(Errno) in try makeDirectories(folder) }
        do throws(Errno) { return try FileLock(folder + "/lock") } catch {
            guard error == .wouldBlock else { throw error }
            throw TrainingError.unfit("\(path): another run is writing this folder")
        }
    }
}
