// The variables that the packaged unit gives the service, for whoever checks its configuration from
// a shell that has none of them: EnvironmentFile= of textflixd.service and of its instances.
//
//     # the best instruction set to use
//     TEXTFLIX_ISA=avx2
//     TEXTFLIX_MODELS="a=/a,b=/b"
//
// Lines of NAME=VALUE, quotes around a value taken off; the finer points of systemd.exec(5), such
// as a value over several lines, are not known here. It sets nothing.

internal import Baselines
internal import Numerics
internal import Syscalls

struct ServiceEnvironment {
    let path: String
    private let variables: [String: String]

    /// - Returns: nil for a configuration that is no unit's, or where there is no such file.
    init?(of configuration: DaemonConfiguration) {
        guard ServiceSandbox.holds(configuration), let file = configuration.file,
            let path = Self.path(besides: file), let bytes = try? readFile(path, limit: 1 << 20)
        else { return nil }
        self.init(path: path, text: String(decoding: bytes, as: UTF8.self))
    }

    init(path: String, text: String) {
        self.path = path
        variables = text.split(whereSeparator: \.isNewline).reduce(into: [:]) { found, line in
            let line = Self.trimmed(line)
            guard let first = line.first, first != "#", first != ";" else { return }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return }
            found[String(parts[0])] = Self.unquoted(parts[1])
        }
    }

    /// textflixd.json has /etc/default/textflixd, an instance's NAME.json has textflixd-NAME there.
    static func path(besides file: String) -> String? {
        let name = file.split(separator: "/").last ?? ""
        guard name.hasSuffix(".json") else { return nil }
        let instance = name.dropLast(".json".count)
        return "/etc/default/textflixd" + (instance == "textflixd" ? "" : "-\(instance)")
    }

    /// One that is empty counts as absent, as it does in an environment.
    subscript(name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// What a start would refuse of them. A variable that the shell has too was checked there.
    func faults(_ configuration: DaemonConfiguration) -> [String] {
        let unseen = { (name: String) in environment(name) == nil ? self[name] : nil }
        var faults: [String] = []
        var tried = configuration
        do throws(ConfigurationError) { try tried.read(unseen) } catch {
            faults.append("\(path): \(error.description)")
        }
        let hasNetwork = tried.models.contains { !LinearTextModel.isFolder($0.path) }
        if hasNetwork, let complaint = Kernels.complaint(unseen) {
            faults.append("\(path): \(complaint)")
        }
        return faults
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func unquoted(_ value: Substring) -> String {
        guard value.count > 1, let quote = value.first, quote == "\"" || quote == "'",
            value.last == quote
        else { return String(value) }
        return String(value.dropFirst().dropLast())
    }
}
