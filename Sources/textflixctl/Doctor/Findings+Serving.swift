// How well a daemon serves: its version, configuration, models and their folders, and the machine.

import CommandLineTable
import Installation
import Presentation

extension InstallationFacts {
    var versionFinding: Finding? {
        guard let daemon, daemon.version != Release.version else { return nil }
        return Finding(
            grade: .note, subject: "version",
            text: "textflixctl is \(Release.version), the daemon \(daemon.version)",
            remedy: service.map { "sudo systemctl restart \($0)" } ?? "start textflixd anew")
    }

    /// A daemon goes on with what it had; its next start would fail.
    var configurationFinding: Finding? {
        guard let daemon, daemon.state == "ready", !daemon.detail.isEmpty else { return nil }
        let check = configurationFile.map {
            ", check it (sudo -u textflix textflixd --config \($0) --check-config)"
        }
        return Finding(
            grade: .fault, subject: "configuration", text: daemon.detail,
            remedy: "mend it\(check ?? ""), then: \(reload)")
    }

    private var reload: String {
        service.map { "sudo systemctl reload \($0)" } ?? "textflixctl --socket \(path) reload"
    }

    var modelFindings: [Finding] {
        guard let daemon else { return missingModels }
        guard !daemon.models.isEmpty else {
            return [
                Finding(
                    grade: .fault, subject: "model", text: "none is configured",
                    remedy: configurationFile.map { "name one in \($0)" }
                        ?? "name one in its configuration, or with textflixd --model NAME=DIR")
            ]
        }
        return daemon.models.map { model in
            guard model.error.isEmpty else {
                let missing = configuration?.models.first { $0.name == model.name && $0.isMissing }
                return Finding(
                    grade: .fault, subject: "model", text: "\(model.name): \(model.error)",
                    remedy: "\(missing.map(bring) ?? "mend it"), then: \(reload)")
            }
            let size = byteText(model.mappedBytes)
            return Finding(
                grade: .good, subject: "model", text: "\(model.name), \(model.precision), \(size)")
        }
    }

    /// Why a daemon does not even start.
    private var missingModels: [Finding] {
        (configuration?.models ?? []).filter(\.isMissing).map { model in
            Finding(
                grade: .fault, subject: "model", text: "\(model.name): \(model.path) is not there",
                remedy: bring(model))
        }
    }

    /// What puts a model's folder in its place.
    private func bring(_ folder: Configuration.Folder) -> String {
        let models = PackagedService.models
        return switch folder.path {
        case "\(models)/sentiment": "sudo \(modelScript) --into \(models)"
        case "\(models)/sentiment-mpnet": "sudo \(modelScript) --base mpnet --into \(models)"
        default: "put its folder there (man textflixd, A MODEL OF ONE'S OWN)"
        }
    }

    /// Folders that the unit keeps from the service: ProtectHome=, PrivateTmp=, ProtectSystem=.
    var folderFindings: [Finding] {
        guard let service, let configuration else { return [] }
        let unseen = configuration.models.filter { !PackagedService.sees($0.realPath) }
        let notes = unseen.map {
            Finding(
                grade: .note, subject: "folder",
                text: "\($0.name): the service sees no homes and no temporary folders: \($0.path)",
                remedy: "put it into \(PackagedService.models)")
        }
        guard let cache = configuration.cache, !PackagedService.mayWrite(cache.realPath) else {
            return notes
        }
        return notes + [
            Finding(
                grade: .note, subject: "folder",
                text: "cache_dir: the service writes below \(PackagedService.cache) alone",
                remedy: "ReadWritePaths=\(cache.path) in: sudo systemctl edit \(service)")
        ]
    }

    /// Named by what the kernels can use of it.
    var processorFinding: Finding? {
        guard !processorFeatures.isEmpty else { return nil }
        let fast = [
            ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_vnni", "VNNI"),
            ("avx_vnni", "AVX VNNI"),
            ("avx512_bf16", "BF16"),
        ].filter { processorFeatures.contains($0.0) }.map(\.1)
        guard fast.isEmpty else {
            return Finding(
                grade: .good, subject: "processor", text: fast.joined(separator: ", "))
        }
        return Finding(
            grade: .note, subject: "processor",
            text: "without AVX2: answers are right, but slow by a factor of ten")
    }

    /// Models that do not fit are read from disk again and again.
    var memoryFinding: Finding? {
        guard let daemon else { return nil }
        let mapped = daemon.models.reduce(0) { $0 + $1.mappedBytes }
        if let limit = daemon.memoryLimit, mapped > limit {
            return Finding(
                grade: .note, subject: "memory",
                text: "models map \(byteText(mapped)), the daemon's control group may have "
                    + byteText(limit),
                remedy: "a higher MemoryMax= or MemoryHigh= of the unit or limit of the container, "
                    + "or a smaller precision (int8 is a quarter of f32)")
        }
        guard let available = availableMemory, mapped > available else { return nil }
        return Finding(
            grade: .note, subject: "memory",
            text: "models map \(byteText(mapped)), \(byteText(available)) are available",
            remedy: "a smaller precision (int8 is a quarter of f32) keeps them in memory")
    }

    /// Of a daemon that is to lock its models: another one's limit is of no account.
    var lockFinding: Finding? {
        guard let daemon, daemon.hasLockFlag || configuration?.lock == true,
            let limit = daemon.lockLimit
        else { return nil }
        let mapped = daemon.models.reduce(0) { $0 + $1.mappedBytes }
        guard limit < mapped else { return nil }
        return Finding(
            grade: .note, subject: "lock limit",
            text: "the daemon may lock \(byteText(limit)), less than its models: not all stay",
            remedy: service == nil
                ? "ulimit -l unlimited before it starts" : "LimitMEMLOCK=infinity in the unit")
    }

    var environmentFinding: Finding? {
        guard !openblasVariables.isEmpty else { return nil }
        return Finding(
            grade: .note, subject: "environment",
            text:
                "\(openblasVariables.joined(separator: ", ")) set: a daemon started here ignores it"
        )
    }
}
