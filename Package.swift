// swift-tools-version: 6.2
//
// Textflix: local text classification as an ordinary Linux service.
//
// One sentence a room, and the rooms' arrows, are enforced here: a target sees only what its
// `dependencies` name, so a wrong-way import does not compile. No SwiftPM packages; the system
// libraries come through the module maps in Sources/C*.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: [], swiftSettings: strict)
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
        room("JSONText"),
        room("Randomness"),
        room("Syscalls", ["CLinux"]),
        room("CommandLineTable", ["Syscalls"]),
        room("Presentation", ["CommandLineTable", "Syscalls"]),

        // Text, and numbers.
        room("Tokenization", ["JSONText"]),
        room("Numerics", ["CKernels", "Syscalls"]),
        room("Weights", ["JSONText", "Syscalls"]),
        room("Encoder", ["Numerics", "Weights", "Syscalls"]),
        room("Insight", ["Randomness"]),
        room(
            "Baselines", ["CStemmer", "Weights", "JSONText", "Randomness", "Syscalls"]),

        // Learning.
        room("Gradients", ["Encoder", "Numerics", "Randomness", "Syscalls", "Weights"]),
        room(
            "Training",
            [
                "Baselines", "Encoder", "Gradients", "Insight", "JSONText", "Numerics",
                "Randomness", "Syscalls", "Tokenization", "Weights",
            ]),

        // Where wire, text and numbers meet.
        room(
            "Service",
            [
                "TextflixProtocol", "JSONText", "Syscalls", "Tokenization", "Weights", "Encoder",
                "Numerics", "Baselines", "Insight", "CSystemd",
            ]),
        room("TextflixClient", ["TextflixProtocol", "Randomness", "Syscalls"]),
        room(
            "TextRuns",
            [
                "TextflixClient", "TextflixProtocol", "CommandLineTable", "Insight", "JSONText",
                "Presentation", "Syscalls",
            ]),

        // Programs: options and wiring only.
        program("textflixd", ["Service", "CommandLineTable", "Syscalls"]),
        program(
            "textflixctl",
            [
                "TextflixClient", "TextflixProtocol", "CommandLineTable", "Insight", "JSONText",
                "Presentation", "Randomness", "Syscalls", "TextRuns",
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
                "Gradients",
                "Numerics", "CKernels",
            ]),

        // One suite a module.
        suite("Protocol", ["TextflixProtocol", "JSONText", "Syscalls"]),
        suite("JSONText", ["JSONText"]),
        suite("Syscalls", ["Syscalls"]),
        suite("CommandLineTable", ["CommandLineTable"]),
        suite("Presentation", ["Presentation"]),
        suite("Tokenization", ["Tokenization", "JSONText", "Syscalls"]),
        suite("Numerics", ["Numerics", "CKernels"]),
        suite("Weights", ["Weights", "JSONText", "Syscalls"]),
        suite("Encoder", ["Encoder", "Numerics", "Weights", "JSONText", "Syscalls"]),
        suite(
            "Gradients",
            ["Gradients", "Encoder", "Numerics", "Weights", "JSONText", "Randomness", "Syscalls"]),
        suite("Insight", ["Insight", "JSONText", "Randomness", "Syscalls"]),
        suite("Baselines", ["Baselines", "JSONText", "Syscalls", "Weights"]),
        suite(
            "Training",
            [
                "Baselines", "Encoder", "Gradients", "Insight", "JSONText", "Numerics",
                "Randomness", "Syscalls", "Tokenization", "Training", "Weights",
            ]),
        suite(
            "Service",
            ["Service", "TextflixProtocol", "JSONText", "Syscalls", "Tokenization", "Insight"]),
        suite(
            "Client",
            [
                "TextflixClient", "TextflixProtocol", "Syscalls", "textflixctl",
                "CommandLineTable", "Insight", "JSONText", "Presentation", "Randomness", "TextRuns",
            ]),
    ]
)
