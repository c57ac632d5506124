import Foundation

/// What a finished program left.
struct Finished {
    var status: Int32
    var output: String
    var errors: String
}

/// Runs the built `fraud` binary, and Python with the packages that `make deps` installed.
enum Programs {
    static let packageRoot: URL = {
        var folder = URL(filePath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) { folder.deleteLastPathComponent() }
        return folder
    }()

    /// The binary stands beside the test bundle.
    static let fraud: URL = {
        var folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let binary = folder.appending(path: "fraud")
            if FileManager.default.isExecutableFile(atPath: binary.path) { return binary }
        }
        return packageRoot.appending(path: ".build/release/fraud")
    }()

    static let pythonPackages = ProcessInfo.processInfo.environment["FRAUD_PYTHON"] ?? packageRoot.appending(path: ".deps/python").path

    static func python(_ script: String, _ arguments: [String]) throws -> Finished {
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONPATH"] = pythonPackages
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let path = packageRoot.appending(path: "Tests/EndToEndTests/Python/\(script)").path
        return try run(URL(filePath: "/usr/bin/env"), ["python3", path] + arguments, environment: environment)
    }

    static func score(_ arguments: [String], input: Data? = nil) throws -> Finished {
        try run(fraud, ["score"] + arguments, input: input)
    }

    static func run(_ program: URL, _ arguments: [String], environment: [String: String]? = nil, input: Data? = nil) throws -> Finished {
        let scratch = try Scratch()
        let process = try start(program, arguments, environment: environment, input: input, scratch: scratch)
        process.waitUntilExit()
        return Finished(status: process.terminationStatus, output: scratch.text("stdout"), errors: scratch.text("stderr"))
    }

    /// Starts a program; its output goes to files of `scratch`, so that no pipe can fill up.
    static func start(
        _ program: URL, _ arguments: [String], environment: [String: String]? = nil, input: Data? = nil, standardInput: Pipe? = nil,
        scratch: Scratch
    ) throws -> Process {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = packageRoot
        if let environment { process.environment = environment }
        process.standardOutput = try scratch.handle("stdout")
        process.standardError = try scratch.handle("stderr")
        if let standardInput {
            process.standardInput = standardInput
        } else if let input {
            let file = scratch.path("stdin")
            try input.write(to: URL(filePath: file))
            process.standardInput = FileHandle(forReadingAtPath: file)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        return process
    }
}

/// A folder of a test's own, gone with it.
final class Scratch: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "fraud-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func handle(_ name: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path(name)))
        return try FileHandle(forWritingTo: folder.appending(path: name))
    }

    func text(_ name: String) -> String {
        (try? String(decoding: Data(contentsOf: folder.appending(path: name)), as: UTF8.self)) ?? ""
    }
}
