// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// A Swift target of the module table; `needs` are the only modules it may import.
func module(_ name: String, _ needs: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: needs, swiftSettings: settings)
}

func tests(_ name: String, _ needs: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: needs, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "fraud",
    products: [
        .executable(name: "fraud", targets: ["fraud"]),
        .library(name: "FraudScoring", targets: ["Scoring", "ClickCodec", "ClickModel"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Layer 0: system libraries, thin C/C++ shims, kernels in C.
        .target(name: "CVectorKernels"),
        .target(name: "CClickRecord"),
        .target(
            name: "COpenBLAS",
            linkerSettings: [.linkedLibrary("openblas"), .linkedLibrary("lapacke")]),
        .target(name: "CADBC", linkerSettings: [.linkedLibrary("dl")]),
        .target(
            name: "CSimdJSON", dependencies: ["CClickRecord"],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
        .target(
            name: "CRE2",
            linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CMaxMindDB", linkerSettings: [.linkedLibrary("maxminddb")]),
        .target(
            name: "CCompression",
            linkerSettings: [.linkedLibrary("isal"), .linkedLibrary("zstd")]),

        // Layer 1: values, sketches, linear algebra.
        module("ClickModel", ["CClickRecord"]),
        module("Sketches", ["CClickRecord"]),
        module("LinearAlgebra", ["COpenBLAS"]),

        // Layer 2
        module("ClickCodec", ["ClickModel", "CClickRecord", "CSimdJSON", "CCompression"]),
        module("Features", ["ClickModel", "Sketches", "CClickRecord", "CRE2", "CMaxMindDB", "CZlib"]),
        module("Rules", ["ClickModel", "CVectorKernels", yams]),
        module("LogisticModel", ["ClickModel", "LinearAlgebra", "Sketches", "CVectorKernels"]),

        // Layer 3
        module("Scoring", ["Features", "Rules", "LogisticModel", "ClickModel", "CClickRecord"]),
        module("Windows", ["ClickModel", "Sketches", "CClickRecord"]),
        module("Training", ["LogisticModel", "LinearAlgebra", "ClickModel"]),
        module("Simulation", ["ClickModel", yams]),
        module("Storage", ["CADBC", "CClickRecord", "ClickModel", "Sketches"]),

        // Layer 4
        module(
            "Pipeline",
            ["Scoring", "Windows", "Storage", "ClickCodec", "Features", "Rules", "LogisticModel", "Sketches", "ClickModel", "CClickRecord"]),
        module("Billing", ["ClickModel"]),
        module("Audit", ["Storage", "ClickModel"]),

        // Layer 5 and 6
        module(
            "FraudCommands",
            [
                "Pipeline", "Billing", "Audit", "Scoring", "Windows", "Training", "Simulation", "Storage",
                "Features", "Rules", "LogisticModel", "ClickCodec", "Sketches", "ClickModel", "CClickRecord", argumentParser,
            ]),
        .executableTarget(name: "fraud", dependencies: ["FraudCommands", argumentParser], swiftSettings: settings),

        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .executableTarget(
            name: "fraud-bench",
            dependencies: [
                "Pipeline", "Scoring", "Windows", "Storage", "Features", "Rules", "LogisticModel", "ClickCodec", "ClickModel", "CClickRecord",
                "AllocationCounter",
            ],
            path: "Tests/Benchmarks/FraudBench", swiftSettings: settings),
        .executableTarget(
            name: "train-bench", dependencies: ["Training"], path: "Tests/Benchmarks/TrainBench", exclude: ["compare.py"],
            swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests", dependencies: ["fraud", "fraud-bench"], exclude: ["Python"], swiftSettings: settings),
        tests("ScoringTests", ["Scoring", "Features", "Rules", "LogisticModel", "ClickModel", "CClickRecord", "AllocationCounter"]),
        tests("ArchitectureTests", []),
        tests("SketchesTests", ["Sketches", "CClickRecord"]),
        tests("WindowsTests", ["Windows", "Sketches", "ClickModel", "CClickRecord"]),
        tests("ClickCodecTests", ["ClickCodec", "ClickModel", "CClickRecord", "Sketches"]),
        tests("PipelineTests", ["Pipeline", "Storage", "ClickCodec", "ClickModel", "CClickRecord"]),
        tests("StorageTests", ["Storage", "ClickModel", "CClickRecord"]),
        tests("TrainingTests", ["Training", "LogisticModel", "LinearAlgebra", "ClickModel", "CVectorKernels"]),
        tests("RulesTests", ["Rules", "ClickModel", "CVectorKernels"]),
        tests("FeaturesTests", ["Features", "ClickModel", "CClickRecord"]),
        tests("SimulationTests", ["Simulation", "ClickModel"]),
    ],
    cxxLanguageStandard: .cxx17
)
