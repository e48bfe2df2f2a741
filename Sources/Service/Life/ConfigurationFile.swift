// The configuration file: JSON5, every key known, every fault with its line and column.
//
//     {
//       socket: "/run/textflix/textflix.sock",
//       socket_mode: "0660",
//       models: { reviews: "/var/lib/textflix/reviews",            // the first is the default
//                 names: { path: "ner", precision: "f32" } },      // from the file's own directory
//       precision: "auto", threads: 4, cache_dir: "/var/cache/textflix", lock: false,
//       log_level: "info",
//       limits: { batch_tokens: 2048, queue_texts: 8192, drain_seconds: 60, ... },
//     }
//
// One table of limits serves reading, checking and the list of known keys.

internal import JSONText
internal import Syscalls

/// One key of `limits`: where its value goes, and what it may be. Status shows all of them.
struct LimitSetting: Sendable {
    enum Place: Sendable {
        case count(any WritableKeyPath<ServiceLimits, Int> & Sendable, ClosedRange<Int>)
        case seconds(any WritableKeyPath<ServiceLimits, Duration> & Sendable, ClosedRange<Double>)
        case flag(any WritableKeyPath<ServiceLimits, Bool> & Sendable)
    }

    let key: String
    let place: Place

    static let all: [LimitSetting] = [
        count("batch_tokens", \.batchTokens, DaemonConfiguration.Ranges.batchTokens),
        count("batch_texts", \.batchTexts, 1...65_536),
        seconds("batch_seconds", \.batchTime, 0.001...3600),
        count("batch_least_tokens", \.batchLeastTokens, 1...1 << 20),
        seconds("batch_delay_seconds", \.batchDelay, 0...1),
        LimitSetting(key: "preemption", place: .flag(\.preemption)),
        count("queue_texts", \.queueTexts, DaemonConfiguration.Ranges.queueTexts),
        count("queue_bytes", \.queueBytes, 4096...1 << 36),
        count("queue_texts_per_user", \.queueTextsPerUser, DaemonConfiguration.Ranges.queueTexts),
        seconds("interactive_patience_seconds", \.interactivePatience, 0.001...86_400),
        seconds("bulk_patience_seconds", \.bulkPatience, 0.001...86_400),
        count("bulk_share_one_in", \.bulkShareOneIn, 2...1000),
        count("connections", \.connections, 1...1 << 20),
        count("connections_per_user", \.connectionsPerUser, 1...1 << 20),
        count("streams_per_connection", \.streamsPerConnection, 1...65_536),
        count("refusals_per_second", \.refusalsPerSecond, 1...1 << 24),
        count("refusal_burst", \.refusalBurst, 1...1 << 24),
        seconds("refusal_pause_seconds", \.refusalPause, 0.001...60),
        count("output_pause_bytes", \.outputPauseBytes, 4096...1 << 30),
        count("output_bytes", \.outputBytes, 1 << 22...1 << 32),
        count("parked_bytes", \.parkedBytes, 4096...1 << 32),
        count("input_bytes", \.inputBytes, 1 << 22...1 << 36),
        count("modest_input_bytes", \.modestInputBytes, 1024...1 << 30),
        seconds("frame_seconds", \.frameTime, 0.01...3600),
        seconds("header_seconds", \.headerTime, 0.01...3600),
        seconds("output_seconds", \.outputTime, 0.01...3600),
        seconds("drain_seconds", \.drainTime, 0.1...3600),
        seconds("hasty_drain_seconds", \.hastyDrainTime, 0.1...3600),
        seconds("accept_delay_seconds", \.acceptDelay, 0...60),
        seconds("accept_pause_seconds", \.acceptPause, 0.001...60),
        count("cache_bytes", \.cacheBytes, 0...1 << 36),
    ]

    private static func count(
        _ key: String, _ path: any WritableKeyPath<ServiceLimits, Int> & Sendable,
        _ range: ClosedRange<Int>
    ) -> LimitSetting { LimitSetting(key: key, place: .count(path, range)) }

    private static func seconds(
        _ key: String, _ path: any WritableKeyPath<ServiceLimits, Duration> & Sendable,
        _ range: ClosedRange<Double>
    ) -> LimitSetting { LimitSetting(key: key, place: .seconds(path, range)) }

    /// Stores a value; a complaint when it is none of the kind or out of range.
    func store(_ node: JSONNode, in limits: inout ServiceLimits) -> String? {
        switch place {
        case .count(let path, let range):
            guard let number = node.int, range.contains(number) else {
                return "a whole number from \(range.lowerBound) to \(range.upperBound)"
            }
            limits[keyPath: path] = number
        case .seconds(let path, let range):
            guard let number = node.double, range.contains(number) else {
                return "a number of seconds from \(range.lowerBound) to \(range.upperBound)"
            }
            limits[keyPath: path] = .nanoseconds(Int64(number * 1e9))
        case .flag(let path):
            guard let isOn = node.bool else { return "true or false" }
            limits[keyPath: path] = isOn
        }
        return nil
    }

    /// As Status shows it: seconds for durations, 1 and 0 for on and off.
    func value(in limits: ServiceLimits) -> Double {
        switch place {
        case .count(let path, _): Double(limits[keyPath: path])
        case .seconds(let path, _): Double(limits[keyPath: path].wholeNanoseconds) / 1e9
        case .flag(let path): limits[keyPath: path] ? 1 : 0
        }
    }
}

extension DaemonConfiguration {
    /// Reads the file's bytes over what is set already.
    mutating func read(
        _ bytes: [UInt8], path: String
    ) throws(ConfigurationError) {
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument.parse(bytes, dialect: .json5)
        } catch {
            throw ConfigurationError("\(path):\(error.line):\(error.column): \(error.message)")
        }
        var reader = ConfigurationReader(bytes: bytes, path: path)
        reader.read(root, into: &self)
        if let error = reader.error { throw error }
    }
}

/// Walks the parsed file; keeps the first error.
private struct ConfigurationReader {
    let bytes: [UInt8]
    let path: String
    private(set) var error: ConfigurationError?

    init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    private static let keys = [
        "socket", "socket_mode", "models", "precision", "threads", "cache_dir", "lock", "log_level",
        "limits",
    ]

    private mutating func fail(_ offset: Int, _ message: String) {
        guard error == nil else { return }
        let place = bytes.withUnsafeBufferPointer { LineColumn(offset: offset, in: $0) }
        error = ConfigurationError("\(path):\(place.line):\(place.column): \(message)")
    }

    private mutating func members(_ node: JSONNode, _ what: String) -> [JSONMember] {
        guard let members = node.object else {
            fail(node.span.lowerBound, "\(what) must be an object")
            return []
        }
        return members
    }

    mutating func read(_ root: JSONNode, into configuration: inout DaemonConfiguration) {
        for member in members(root, "the configuration") {
            let node = member.node
            let offset = node.span.lowerBound
            switch member.nameText {
            case "socket": configuration.socketPath = text(node)
            case "socket_mode":
                if let mode = UInt32(node.string ?? "", radix: 8), mode <= 0o777 {
                    configuration.socketMode = mode
                } else {
                    fail(offset, "socket_mode must be octal digits in quotes, as in \"0660\"")
                }
            case "models": readModels(node, into: &configuration)
            case "precision": configuration.precision = precision(node)
            case "threads":
                let range = DaemonConfiguration.Ranges.threads
                if let count = node.int, range.contains(count) {
                    configuration.threads = count
                } else {
                    fail(offset, "threads must be a whole number from 1 to \(range.upperBound)")
                }
            case "cache_dir": configuration.cacheDirectory = text(node)
            case "lock": configuration.lock = flag(node)
            case "log_level":
                if let level = Log.Level(word: node.string ?? "") {
                    configuration.logLevel = level
                } else {
                    fail(offset, "log_level must be error, warning, notice, info or debug")
                }
            case "limits": readLimits(node, into: &configuration.limits)
            case let name:
                fail(
                    member.nameOffset,
                    "unknown key \"\(name)\"; known are \(Self.keys.joined(separator: ", "))")
            }
        }
    }

    private mutating func text(_ node: JSONNode) -> String? {
        guard let text = node.string, !text.isEmpty else {
            fail(node.span.lowerBound, "a text in quotes is wanted here")
            return nil
        }
        return text
    }

    private mutating func flag(_ node: JSONNode) -> Bool {
        if let isOn = node.bool { return isOn }
        fail(node.span.lowerBound, "true or false is wanted here")
        return false
    }

    private mutating func precision(_ node: JSONNode) -> PrecisionChoice {
        if let choice = PrecisionChoice(rawValue: node.string ?? "") { return choice }
        fail(node.span.lowerBound, "precision must be auto, f32, bf16 or int8")
        return .auto
    }

    private mutating func readModels(
        _ node: JSONNode, into configuration: inout DaemonConfiguration
    ) {
        configuration.models = members(node, "models").map { member in
            var (path, choice) = (member.node.string, PrecisionChoice.auto)
            if member.node.object != nil {
                for part in members(member.node, "a model") {
                    switch part.nameText {
                    case "path": path = text(part.node)
                    case "precision": choice = precision(part.node)
                    case let name:
                        fail(
                            part.nameOffset,
                            "unknown key \"\(name)\"; known are path, precision")
                    }
                }
            }
            if path == nil { fail(member.node.span.lowerBound, "a model needs its directory") }
            return ModelSource(
                name: member.nameText, path: resolved(path ?? ""), precision: choice)
        }
    }

    /// Relative paths are meant from the file's own directory.
    private func resolved(_ model: String) -> String {
        if model.hasPrefix("/") { return model }
        return "\(parentDirectory(of: path) ?? ".")/\(model)"
    }

    private mutating func readLimits(_ node: JSONNode, into limits: inout ServiceLimits) {
        for member in members(node, "limits") {
            guard let setting = LimitSetting.all.first(where: { $0.key == member.nameText }) else {
                let known = LimitSetting.all.map(\.key).joined(separator: ", ")
                fail(member.nameOffset, "unknown key \"\(member.nameText)\"; known are \(known)")
                continue
            }
            if let complaint = setting.store(member.node, in: &limits) {
                fail(member.node.span.lowerBound, "\(setting.key) must be \(complaint)")
            }
        }
        let named = Set((node.object ?? []).map(\.nameText))
        if named.contains("queue_texts"), !named.contains("queue_texts_per_user") {
            limits.setQueue(limits.queueTexts)
        }
        if named.contains("connections"), !named.contains("connections_per_user") {
            limits.setConnections(limits.connections)
        }
    }
}
