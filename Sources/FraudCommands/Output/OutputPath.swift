internal import Foundation

/// The file a command writes, held against those it reads.
enum OutputPath {
    /// - Parameters:
    ///   - outputs: files to write; nil ones are not asked for.
    ///   - inputs: files read, globs among them.
    /// - Throws: `CommandError` when an output is an input, or two outputs are one file.
    static func requireApart(_ outputs: [String?], from inputs: [String?]) throws {
        let read = Set((try? InputPaths.expand(inputs.compactMap { $0 }.filter { $0 != "-" }))?.map(identity) ?? [])
        var written: Set<String> = []
        for output in outputs.compactMap({ $0 }) where output != "-" {
            guard !read.contains(identity(output)) else { throw CommandError("\(output): is an input itself, and would be overwritten; name another file") }
            guard written.insert(identity(output)).inserted else { throw CommandError("\(output): is named for two outputs; name another file") }
        }
    }

    /// The same for two names of one file.
    private static func identity(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path }
}
