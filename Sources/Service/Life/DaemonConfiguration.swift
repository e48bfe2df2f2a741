// Everything that can be set, from three places: flags over environment over file.
//
// Invariant: a configuration that exists has been checked: values are in range, models have
// different names and there is at least one. An error names the place: file, line and column; the
// variable; or the flag. It opens no model and no socket.

internal import Installation
internal import JSONText
internal import Syscalls

package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

package struct DaemonConfiguration: Sendable, Equatable {
    /// nil: the sockets that were passed, or the default place.
    package var socketPath: String?
    package var socketMode: UInt32 = 0o660
    /// In order; the first is the default.
    package var models: [ModelSource] = []
    package var precision = PrecisionChoice.auto
    /// Of the engine; nil: as many as can work at once.
    package var threads: Int?
    /// For packed weights; nil: the usual cache of the user.
    package var cacheDirectory: String?
    /// Pin mapped weights in memory, as far as RLIMIT_MEMLOCK allows.
    package var lock = false
    package var logLevel = Log.Level.info
    package var limits = ServiceLimits()
    /// Where the file was, for reading it again.
    package var file: String?

    package init() {}

    /// What the command line adds.
    package struct Flags: Sendable {
        package var file: String?
        package var socketPath: String?
        package var models: [(name: String, path: String)] = []
        package var precision: PrecisionChoice?
        package var threads: Int?
        package var batchTokens: Int?
        package var queueTexts: Int?
        package var cacheDirectory: String?
        package var lock = false

        package init() {}
    }

    /// What numbers may be, whether flag, variable or file sets them.
    package enum Ranges {
        package static let threads = 1...1024
        package static let batchTokens = 16...1 << 20
        package static let queueTexts = 1...1 << 24
    }

    package static let standardFile = "\(PackagedService.configurations)/textflixd.json"
    private static let fileBytes = 1 << 20

    /// Reads the file (the one named, else $TEXTFLIX_CONFIG, else the standard one if it is there),
    /// then the environment, then the flags.
    package static func resolve(
        _ flags: Flags, environment: (String) -> String? = environment
    ) throws(ConfigurationError) -> DaemonConfiguration {
        var configuration = DaemonConfiguration()
        let named = flags.file ?? environment("TEXTFLIX_CONFIG")
        if let path = named ?? (fileExists(standardFile) ? standardFile : nil) {
            let bytes: [UInt8]
            do throws(Errno) {
                bytes = try readFile(path, limit: fileBytes)
            } catch {
                throw ConfigurationError(error.description)
            }
            try configuration.read(bytes, path: path)
            configuration.file = path
        }
        try configuration.read(environment)
        try configuration.take(flags)
        try configuration.finish()
        return configuration
    }

    mutating func read(_ environment: (String) -> String?) throws(ConfigurationError) {
        if let path = environment("TEXTFLIX_SOCKET") { socketPath = path }
        if let path = environment("TEXTFLIX_CACHE_DIR") { cacheDirectory = path }
        if let list = environment("TEXTFLIX_MODELS") {
            models = try list.split(separator: ",").map { pair throws(ConfigurationError) in
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else {
                    throw ConfigurationError("TEXTFLIX_MODELS: '\(pair)' is not NAME=DIR")
                }
                return ModelSource(name: parts[0], path: parts[1])
            }
        }
        if let word = environment("TEXTFLIX_PRECISION") {
            guard let choice = PrecisionChoice(rawValue: word) else {
                throw ConfigurationError("TEXTFLIX_PRECISION: '\(word)' is no precision")
            }
            precision = choice
        }
        if let word = environment("TEXTFLIX_LOG_LEVEL") {
            guard let level = Log.Level(word: word) else {
                throw ConfigurationError("TEXTFLIX_LOG_LEVEL: '\(word)' is no level")
            }
            logLevel = level
        }
        try readNumbers(environment)
    }

    private mutating func readNumbers(
        _ environment: (String) -> String?
    ) throws(ConfigurationError) {
        func number(
            _ name: String, _ range: ClosedRange<Int>
        ) throws(ConfigurationError) -> Int? {
            guard let word = environment(name) else { return nil }
            guard let number = Int(word), range.contains(number) else {
                throw ConfigurationError(
                    "\(name): '\(word)' is not a whole number from \(range.lowerBound) to "
                        + "\(range.upperBound)")
            }
            return number
        }
        if let count = try number("TEXTFLIX_THREADS", Ranges.threads) { threads = count }
        if let tokens = try number("TEXTFLIX_MAX_BATCH_TOKENS", Ranges.batchTokens) {
            limits.batchTokens = tokens
        }
        if let texts = try number("TEXTFLIX_MAX_QUEUE", Ranges.queueTexts) {
            limits.setQueue(texts)
        }
    }

    private mutating func take(_ flags: Flags) throws(ConfigurationError) {
        if let path = flags.socketPath { socketPath = path }
        if !flags.models.isEmpty {
            models = flags.models.map { ModelSource(name: $0.name, path: $0.path) }
        }
        if let choice = flags.precision { precision = choice }
        if let count = flags.threads { threads = count }
        if let tokens = flags.batchTokens { limits.batchTokens = tokens }
        if let texts = flags.queueTexts { limits.setQueue(texts) }
        if let path = flags.cacheDirectory { cacheDirectory = path }
        if flags.lock { lock = true }
    }

    private mutating func finish() throws(ConfigurationError) {
        models = models.map { model in
            let choice = model.precision == .auto ? precision : model.precision
            return ModelSource(name: model.name, path: model.path, precision: choice)
        }
        var names = Set<String>()
        for model in models where !names.insert(model.name).inserted {
            throw ConfigurationError("two models are named \(model.name)")
        }
        guard !models.isEmpty else {
            throw ConfigurationError(
                "no model is configured: give --model NAME=DIR, or \"models\" in the file")
        }
    }
}

extension ServiceLimits {
    /// The queue, and one user's share of it: half, at least one request's worth.
    mutating func setQueue(_ texts: Int) {
        queueTexts = texts
        queueTextsPerUser = max(min(texts, 1), texts / 2)
    }

    /// Open connections, and one user's share of them: three quarters, at least one.
    mutating func setConnections(_ count: Int) {
        connections = count
        connectionsPerUser = max(1, count * 3 / 4)
    }

    /// No more connections than there are descriptors for, and still some for other users.
    /// - Returns: whether they are fewer than they were.
    mutating func fit(descriptors: Int) -> Bool {
        // Sixty-four for everything that is no connection.
        let room = max(1, descriptors - 64)
        guard connections > room else { return false }
        let ofUser = connectionsPerUser
        setConnections(room)
        connectionsPerUser = min(connectionsPerUser, ofUser)
        return true
    }
}

extension Log.Level {
    init?(word: String) {
        switch word {
        case "error": self = .error
        case "warning": self = .warning
        case "notice": self = .notice
        case "info": self = .info
        case "debug": self = .debug
        default: return nil
        }
    }
}
