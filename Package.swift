// swift-tools-version: 6.2
//
// Textflix: local text classification as an ordinary Linux service.
//
// The modules and their dependencies. A target may import only what its `dependencies` name, and
// Tests/Style holds the code and this list to that. No SwiftPM packages; the system libraries come
// through the module maps in Sources/C*.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "textflix",
    products: [
        .executable(name: "textflixd", targets: ["textflixd"]),
        .executable(name: "textflixctl", targets: ["textflixctl"]),
        .executable(name: "textflixlab", targets: ["textflixlab"]),
        .executable(name: "textflix-bench", targets: ["textflix-bench"]),
        .library(name: "TextflixProtocol", targets: ["TextflixProtocol"]),
        .library(name: "TextflixClient", targets: ["TextflixClient"]),
    ],
    targets: [
        // The wire: alone.
        .target(
            name: "TextflixProtocol", path: "Protocol",
            exclude: ["README.md", "textflix.proto", "Vectors", "python"],
            swiftSettings: strict),

        // System libraries and our C.
        .systemLibrary(
            name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CStemmer", providers: [.apt(["libstemmer-dev"])]),
        .target(name: "CKernels", exclude: ["README.md"]),
        .target(name: "CLinux"),

        // Leaves.
        module("JSONText"),
        module("DelimitedText", ["JSONText"]),
        module("Installation"),
        module("Randomness"),
        module("Syscalls", ["CLinux"]),
        module("CommandLineTable", ["Syscalls"]),
        module("Presentation", ["Syscalls"]),

        // Text, and numbers.
        module("Tokenization", ["JSONText"]),
        module("Numerics", ["CKernels", "Syscalls"]),
        module("Weights", ["JSONText", "Syscalls"]),
        module("Encoder", ["Numerics", "Weights", "Syscalls"]),
        module("Insight", ["Randomness"]),
        module(
            "Baselines", ["CStemmer", "Weights", "JSONText", "Randomness", "Syscalls"]),

        // Learning.
        module("Gradients", ["Encoder", "Numerics", "Randomness", "Syscalls", "Weights"]),
        module(
            "Training",
            [
                "Baselines", "DelimitedText", "Encoder", "Gradients", "Insight", "JSONText",
                "Numerics", "Randomness", "Syscalls", "Tokenization", "Weights",
            ]),

        // Where wire, text and numbers meet.
        module(
            "Service",
            [
                "TextflixProtocol", "Installation", "JSONText", "Syscalls", "Tokenization",
                "Weights", "Encoder", "Numerics", "Baselines", "Insight", "CSystemd",
            ]),
        module("TextflixClient", ["TextflixProtocol", "Randomness", "Syscalls"]),
        module(
            "TextRuns",
            [
                "TextflixClient", "TextflixProtocol", "CommandLineTable", "DelimitedText",
                "Insight", "JSONText", "Presentation", "Syscalls",
            ]),

        // Programs: their commands, and what only they show.
        program("textflixd", ["Service", "CommandLineTable", "Syscalls"]),
        program(
            "textflixctl",
            [
                "TextflixClient", "TextflixProtocol", "CommandLineTable", "Insight",
                "Installation", "JSONText", "Presentation", "Randomness", "Syscalls", "TextRuns",
            ]),
        program(
            "textflixlab",
            [
                "Baselines", "CommandLineTable", "JSONText", "Syscalls", "Tokenization", "Weights",
                "Encoder", "Insight", "Numerics", "Presentation", "Randomness", "TextflixClient",
                "TextflixProtocol", "TextRuns", "Training",
            ]),
        program(
            "textflix-bench",
            [
                "CommandLineTable", "JSONText", "Syscalls", "Tokenization", "Weights", "Encoder",
                "Gradients", "Numerics",
            ]),

        // Suites, and what they share.
        .target(
            name: "TestSupport", dependencies: ["TextflixProtocol", "Syscalls"],
            path: "Tests/TestSupport", swiftSettings: strict),
        suite(
            "Protocol", ["TextflixProtocol", "JSONText", "Randomness", "Syscalls", "TestSupport"]),
        suite("JSONText", ["JSONText"]),
        suite("DelimitedText", ["DelimitedText"]),
        suite("Syscalls", ["Syscalls", "TestSupport"]),
        suite("CommandLineTable", ["CommandLineTable"]),
        suite("Presentation", ["Presentation"]),
        suite("Tokenization", ["Tokenization", "JSONText", "Syscalls", "TestSupport"]),
        suite("Numerics", ["Numerics", "Randomness"]),
        suite("Weights", ["Weights", "Randomness", "Syscalls", "TestSupport"]),
        suite(
            "Encoder", ["Encoder", "Numerics", "Weights", "JSONText", "Syscalls", "TestSupport"]),
        suite(
            "Gradients",
            [
                "Gradients", "Encoder", "Numerics", "Weights", "JSONText", "Syscalls",
                "TestSupport",
            ]),
        suite("Insight", ["Insight", "JSONText", "Randomness", "Syscalls", "TestSupport"]),
        suite("Baselines", ["Baselines", "JSONText", "Syscalls", "TestSupport", "Weights"]),
        suite(
            "Training",
            [
                "Baselines", "Encoder", "Gradients", "Insight", "JSONText", "Numerics",
                "Randomness", "Syscalls", "TestSupport", "Tokenization", "Training", "Weights",
            ]),
        suite(
            "Service",
            [
                "Service", "TextflixProtocol", "Randomness", "Syscalls", "TestSupport",
                "Tokenization", "Weights",
            ]),
        suite(
            "Client",
            ["TextflixClient", "TextflixProtocol", "Randomness", "Syscalls", "TestSupport"]),
        suite(
            "TextRuns",
            ["TextRuns", "TextflixClient", "TextflixProtocol", "Syscalls", "TestSupport"]),
        suite(
            "textflixctl",
            [
                "textflixctl", "TextRuns", "TextflixClient", "TextflixProtocol",
                "CommandLineTable", "Insight", "JSONText", "Presentation", "Randomness",
                "Syscalls", "TestSupport",
            ]),
    ]
)
