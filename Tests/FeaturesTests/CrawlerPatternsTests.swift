import Features
import Foundation
import Testing

@Suite("Crawler patterns")
struct CrawlerPatternsTests {
    private func load(tuned: Bool = true) throws -> CrawlerPatterns {
        let path = try ReferenceTestFiles.crawlerList()
        return try CrawlerPatterns(json: Array(Data(contentsOf: URL(fileURLWithPath: path))), file: path, tuned: tuned)
    }

    @Test("know declared crawlers and script clients, and leave people's browsers alone")
    func examples() throws {
        let crawlers = try load()
        #expect(crawlers.skipped == [] && crawlers.patternCount > 1400)
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0", "Wget/1.21.4", "python-requests/2.32",
            "Go-http-client/2.0", "Java/17.0.9", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
            "SomethingNewBot/1.0", "my spider", "WhatsApp/2.19.92 i", "Sogou web spider/4.0",
        ] {
            #expect(crawlers.matches(agent), "\(agent)")
        }
        for agent in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 15; CPH2655 Build/AP3A.240617.008) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus Build/P) AppleWebKit/537.36 Chrome/90.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "",
        ] {
            #expect(!crawlers.matches(agent), "\(agent)")
        }
    }

    @Test("the untuned list agrees with Python's re on every example of the list and on mutations of them")
    func agreesWithPython() throws {
        let path = try ReferenceTestFiles.crawlerList()
        let script = """
            import sys, json, re, random
            entries = json.load(open(sys.argv[1]))
            patterns = [re.compile(e['pattern']) for e in entries]
            agents = [a for e in entries for a in e.get('instances', []) if a.isascii() and a.isprintable()]
            random.seed(5)
            agents += [''.join(c for c in a if random.random() > 0.05) for a in agents]
            for a in agents:
                print(int(any(p.search(a) for p in patterns)), a, sep='\\t')
            """
        let crawlers = try load(tuned: false)
        let lines = String(decoding: try ReferenceTestFiles.run(["python3", "-c", script, path]), as: UTF8.self).split(separator: "\n")
        #expect(lines.count > 3000)
        for line in lines {
            let agent = line.dropFirst(2)
            #expect(crawlers.matches(String(agent)) == line.hasPrefix("1"), "\(agent)")
        }
    }

    @Test("on labelled agents the tuning finds more robots and fewer people; prints recall, false alarms and cost")
    func labelled() throws {
        guard let path = ReferenceTestFiles.shared("user-agents-labelled.csv.gz") else { return }
        let script = """
            import sys, csv, gzip
            for r in csv.DictReader(gzip.open(sys.argv[1], 'rt')):
                print(r['label'], r['source'], r['user_agent'].replace('\\n', ' '), sep='\\t')
            """
        let rows = String(decoding: try ReferenceTestFiles.run(["python3", "-c", script, path]), as: UTF8.self)
            .split(separator: "\n").map { $0.split(separator: "\t", maxSplits: 2).map(String.init) }
        #expect(rows.count > 30_000)
        var found: [Bool: [String: Int]] = [:]
        for tuned in [false, true] {
            let crawlers = try load(tuned: tuned)
            for row in rows where crawlers.matches(row[2]) { found[tuned, default: [:]]["\(row[0]) \(row[1])", default: 0] += 1 }
            let elapsed = ContinuousClock().measure { for row in rows { _ = crawlers.matches(row[2]) } }
            print("crawlers, \(tuned ? "tuned" : "list alone"): \(found[tuned]!) of \(rows.count) agents, \(elapsed / rows.count) each")
        }
        #expect(found[true]!["bot monperrus"]! >= 1360)
        #expect(found[true]!["bot matomo"]! >= found[false]!["bot matomo"]! + 150)
        #expect(found[true]!["non_bot matomo", default: 0] <= 3)
    }

    @Test("what is no pattern list is an error that names the file; a pattern RE2 cannot compile is skipped and told")
    func errors() throws {
        func make(_ json: String) -> String? { ReferenceTestFiles.error { _ = try CrawlerPatterns(json: Array(json.utf8), file: "x.json", tuned: false) } }
        for json in ["", "{}", "[1]", "[{\"url\": \"a\"}]", "[", "[]", "\u{0}"] { #expect(try #require(make(json)).hasPrefix("x.json: "), "\(json)") }
        #expect(try #require(make("[{\"pattern\": \"(?=a)\"}]")).contains("no pattern could be used: (?=a): "))
        let mixed = try CrawlerPatterns(json: Array("[{\"pattern\": \"(?=a)\"}, {\"pattern\": \"abc\"}]".utf8), file: "x.json", tuned: false)
        #expect(mixed.patternCount == 1 && mixed.skipped.count == 1 && mixed.matches("xxabcxx") && !mixed.matches("ab"))
    }

    @Test("hostile agents neither crash nor stop the matcher")
    func hostile() throws {
        let crawlers = try load()
        var rng = ReferenceTestGenerator(seed: 17)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...2048, using: &rng)).map { _ in UInt8.random(in: 0...255, using: &rng) }
            _ = bytes.withUnsafeBytes { crawlers.matches($0) }
        }
        #expect(crawlers.matches("Googlebot/2.1") && !crawlers.matches("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"))
    }
}
