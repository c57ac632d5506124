import Foundation
import Testing

/// The binary's commands on one database.
struct Commands {
    let database: String

    @discardableResult
    func score(_ inputs: [String], _ options: [String] = []) throws -> [String: Any] {
        let run = try Programs.score(inputs + ["--db", database, "--json"] + options)
        try #require(run.status == 0, "\(run.errors)")
        return try #require(try Self.json(run.output) as? [String: Any])
    }

    func run(_ arguments: [String]) throws -> Finished { try Programs.run(Programs.fraud, arguments + ["--db", database]) }

    /// What a command that must succeed prints.
    func output(_ arguments: [String]) throws -> String {
        let run = try run(arguments)
        #expect(run.status == 0, "\(arguments): \(run.errors)")
        return run.output
    }

    func rows(_ arguments: [String]) throws -> [[String: Any]] {
        try #require(try Self.json(try output(arguments + ["--json"])) as? [[String: Any]], "\(arguments)")
    }

    /// The reports and the bill that must move together, as printed.
    func totals(by key: String) throws -> [String] {
        try [["--per", "minute"], ["--per", "hour"], ["--per", "day"], []].map { try output(["report", "--by", key, "--json"] + $0) }
            + [output(["bill", "--json"])]
    }

    static func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

    /// A figure of JSON as ten-thousandths: money stays exact.
    static func e4(_ row: [String: Any], _ name: String) -> Int {
        let text = (row[name] as? NSNumber).map { String(format: "%.4f", $0.doubleValue) } ?? ""
        return Int(((Double(text) ?? .nan) * 10_000).rounded())
    }
}

/// Lines of a small stream, made so that what becomes of each is known: a browser that says it is automated is fraud,
/// a person far from the others is not.
struct SmallStream {
    /// 2026-11-20T10:00:00Z
    static let start = 1_795_168_800_000
    private(set) var text = ""

    /// - Parameter second: after `start`.
    mutating func click(_ id: String, second: Int, ad: String = "ad-1", cost: String = "0.2500", isFraud: Bool = false) {
        let number = text.utf8.count % 251
        text += """
            {"click_id":"\(id)","ts":\(Self.start + second * 1000),"ad_id":"\(ad)","campaign_id":"camp-\(ad)","advertiser_id":"adv-1",\
            "publisher_id":"pub-\(number % 7)","cost":"\(cost)","user_id":"user-\(id)","device_fingerprint":"dev-\(id)","ip":"198.18.\(number).\(id.utf8.count)",\
            "user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/151.0 v\(id)","country":"DE","pointer_moves":40,\
            "pointer_distance_px":700,"pointer_straightness":0.7,"pointer_duration_ms":1500,"pointer_speed_cv":0.9,"scroll_events":6,\
            "time_to_click_ms":5200,"visible_ratio":1,"opacity":1,"element_width_px":300,"element_height_px":250,"webdriver":\(isFraud)}

            """
    }

    mutating func engagement(_ id: String, second: Int, dwell: Int) {
        text += #"{"type":"engagement","click_id":"\#(id)","ts":\#(Self.start + second * 1000),"dwell_ms":\#(dwell)}"# + "\n"
    }

    /// Writes the lines so far to a file, and begins anew.
    mutating func write(_ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        text = ""
    }
}
