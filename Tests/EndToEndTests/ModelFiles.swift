import Foundation

/// Variants of the shipped champion, whatever terms it has.
enum ModelFiles {
    static let champion = Programs.packageRoot.appending(path: "models/champion.json").path

    /// Writes the champion with some fields of its file replaced.
    @discardableResult
    static func write(_ path: String, from source: String = champion, name: String = "challenger", raisedBy intercept: Double = 0, _ change: (inout [String: Any]) -> Void = { _ in }) throws -> String {
        var model = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: source))) as! [String: Any]
        model["name"] = name
        model["intercept"] = (model["intercept"] as! NSNumber).doubleValue + intercept
        change(&model)
        try JSONSerialization.data(withJSONObject: model, options: [.sortedKeys, .prettyPrinted]).write(to: URL(filePath: path))
        return path
    }

    static func id(_ path: String) throws -> String {
        let run = try Programs.run(Programs.fraud, ["model", "show", path, "--json"])
        return (try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])?["model_id"] as? String ?? run.errors
    }

    static func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }
}
