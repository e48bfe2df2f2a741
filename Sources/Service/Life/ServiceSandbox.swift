// What the packaged unit keeps from the service, as far as a configuration may name it: homes and
// temporary folders, which it does not see (ProtectHome=, PrivateTmp=), and folders other than its
// cache, which it cannot write (ProtectSystem=strict).
//
// Said of the units' own configurations only, those in /etc/textflix. It warns and refuses nothing,
// since a drop-in may have opened more; it asks no service manager.

internal import Installation
internal import JSONText
internal import Syscalls
internal import Weights

enum ServiceSandbox {
    private static let advice =
        "the service sees no homes and no temporary folders: put it into \(PackagedService.models)"

    /// Whether a unit starts the daemon with this configuration.
    static func holds(_ configuration: DaemonConfiguration) -> Bool {
        guard let file = configuration.file else { return false }
        let folder = parentDirectory(of: file) ?? "."
        return [folder, realFolder(folder)].contains(PackagedService.configurations)
    }

    static func warnings(_ configuration: DaemonConfiguration) -> [String] {
        guard holds(configuration) else { return [] }
        let ofModels = configuration.models.compactMap { model in
            folders(of: model).first(where: hides).map { "model \(model.name): \($0): \(advice)" }
        }
        guard let directory = configuration.cacheDirectory,
            !PackagedService.mayWrite(realFolder(directory))
        else { return ofModels }
        return ofModels + [
            "cache_dir \(directory): the service writes below \(PackagedService.cache) alone:"
                + " another folder needs ReadWritePaths= in a drop-in of the unit"
        ]
    }

    /// With the likely reason for a model that cannot be read.
    static func explained(
        _ failure: LoadFailure, _ model: ModelSource, _ configuration: DaemonConfiguration
    ) -> LoadFailure {
        guard holds(configuration), folders(of: model).contains(where: hides) else {
            return failure
        }
        return LoadFailure("\(failure.text); \(advice)")
    }

    /// The model's folder, and the one whose encoder it stands on.
    private static func folders(of model: ModelSource) -> [String] {
        let file = "\(model.path)/textflix.json"
        let settings = try? ModelSettings(JSONSource(file, dialect: .json5))
        guard let base = settings?.base else { return [model.path] }
        return [model.path, base.hasPrefix("/") ? base : "\(model.path)/\(base)"]
    }

    /// Where it really is, as far as that can be seen.
    private static func hides(_ folder: String) -> Bool {
        !PackagedService.sees(realFolder(folder))
    }
}
