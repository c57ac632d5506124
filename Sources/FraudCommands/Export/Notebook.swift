internal import Foundation

/// A Jupyter notebook: nbformat 4.5 (nbformat.readthedocs.io, "The Notebook file format"), not run yet.
struct Notebook {
    enum Cell {
        case text(id: String, String)
        case code(id: String, String)
    }

    var cells: [Cell]

    /// - Returns: the file's bytes, the same for the same cells.
    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}

extension Notebook: Encodable {
    private struct Kernel: Encodable {
        var display_name = "Python 3"
        var language = "python"
        var name = "python3"
    }

    private struct Metadata: Encodable {
        var kernelspec = Kernel()
        var language_info = ["name": "python"]
    }

    private enum Keys: String, CodingKey { case cells, metadata, nbformat, nbformat_minor }

    func encode(to encoder: any Encoder) throws {
        var file = encoder.container(keyedBy: Keys.self)
        try file.encode(cells, forKey: .cells)
        try file.encode(Metadata(), forKey: .metadata)
        try file.encode(4, forKey: .nbformat)
        try file.encode(5, forKey: .nbformat_minor)
    }
}

extension Notebook.Cell: Encodable {
    private enum Keys: String, CodingKey { case cell_type, execution_count, id, metadata, outputs, source }

    func encode(to encoder: any Encoder) throws {
        var cell = encoder.container(keyedBy: Keys.self)
        try cell.encode([String: String](), forKey: .metadata)
        switch self {
        case .text(let id, let source):
            try cell.encode("markdown", forKey: .cell_type)
            try cell.encode(id, forKey: .id)
            try cell.encode(Self.lines(source), forKey: .source)
        case .code(let id, let source):
            try cell.encode("code", forKey: .cell_type)
            try cell.encode(id, forKey: .id)
            try cell.encodeNil(forKey: .execution_count)
            try cell.encode([String](), forKey: .outputs)
            try cell.encode(Self.lines(source), forKey: .source)
        }
    }

    /// Lines with their ends, as notebooks keep them.
    private static func lines(_ source: String) -> [String] {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().map { $0 == lines.count - 1 ? String($1) : $1 + "\n" }
    }
}
