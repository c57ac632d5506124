internal import CRE2
internal import Foundation

/// Tells user agents that declare themselves crawlers, monitors or script clients: every pattern of the community list
/// `crawler-user-agents` (MIT), and a few of our own, matched in one pass by RE2.
///
/// The matcher may be asked by several threads at once, hence `@unchecked Sendable`. It keeps an automaton that grows
/// with the agents it sees, up to `memoryBytes`; at the limit RE2 drops the states and starts anew.
package final class CrawlerPatterns: @unchecked Sendable {
    /// Bound of the compiled patterns and their automaton.
    package static let memoryBytes: Int64 = 128 << 20
    /// Patterns in a list; a longer list is an error.
    package static let maxPatterns = 20_000

    /// Patterns of the list (1.67) that match people, and what is used instead; nil: nothing. Each was found on the agents
    /// of real devices: an Android 15 build that every phone of some makers has, in-app browsers of messengers and of
    /// Sogou, the brands ViewSonic and Cherry Sonic, phones called Fever, Expanse and Butterfly, a site-specific browser,
    /// a number in an app's version.
    package static let narrowed: [(listed: String, instead: String?)] = [
        (#"AP3A\.240617\.008"#, nil),
        ("Sogou", #"(?i)sogou[^;)]*spider"#),
        ("WhatsApp", #"^WhatsApp(/[0-9.]+[ /]?[A-Za-z]?)?$"#),
        ("Viber", #"^Viber(UrlDownloader|/[0-9.]+)?$"#),
        ("Sonic", #"(^|[ ;(])Sonic/|RankSonic"#),
        ("Fever", #"Fever/[0-9.]+ \(Feed"#),
        ("Fluid", nil),
        ("Expanse", #"Expanse,? (a|indexes)"#),
        ("Butterfly", "Butterfly/"),
        (#"008\/"#, #"(^|[^0-9A-Za-z._])008/"#),
    ]

    /// Patterns of our own, for what declares itself by words that people's browsers do not use. Words are bounded, so that
    /// phones called "Cubot", "M bot 54" or "Spider 8" stay phones.
    package static let ownPatterns: [String] = [
        // The generic names, alone or at the end of a product's name.
        #"(?i)(^|[^a-z])(bot|robot|crawler|spider|scraper)([/;)]|$)"#,
        #"[a-z](Bot|Crawler|Spider)([^a-z]|$)"#,
        #"(?i)[a-z](bot|crawler|spider|scraper)/[0-9]"#,
        #"(?i)[a-z](crawler|spider|scraper)([^a-z]|$)"#,
        // The convention of robots: an address where their owner explains them.
        #"\+https?://"#,
        #"(?i)compatible; ?[^);]*; ?(https?://|www\.)"#,
        #"(?i)mailto:|[a-z]@[a-z0-9-]+\.[a-z]"#,
        // What they say they do.
        #"(?i)scanner|scraper|crawling|feed ?parser|health ?check"#,
        #"(?i)(checker|monitor|monitoring|fetcher|validator|probe|extractor|thumbnail|preview|indexer|analyzer|parser|grabber|capture)/v?[0-9]"#,
        // HTTP clients of languages and tools, in their default spelling, and browsers without a screen.
        #"(?i)^(curl|wget|libcurl|java|jakarta|python|perl|ruby|php|deno|axios|undici|guzzlehttp|go-http-client|python-requests|python-urllib|apache-httpclient)([-/ ]|$)"#,
        #"(?i)headless|phantomjs|slimerjs|puppeteer|playwright|selenium|prerender"#,
        // An attack on the reader of the log, not a browser.
        #"\$\{jndi"#,
    ]

    /// Narrowed and own patterns as one text, for a digest of what is in use.
    static var tuning: String {
        (narrowed.map { "\($0.listed)\t\($0.instead ?? "")" } + ownPatterns).joined(separator: "\n")
    }

    private let set: OpaquePointer
    /// Patterns of the list and of our own that are in use.
    package let patternCount: Int
    /// Patterns that RE2 cannot compile, with its reason; they are left out.
    package let skipped: [String]

    private struct Entry: Decodable {
        let pattern: String
    }

    /// Compiles the patterns of a `crawler-user-agents.json`.
    ///
    /// - Parameters:
    ///   - file: how errors name it.
    ///   - tuned: whether `narrowed` and `ownPatterns` apply; else the list stands as it is.
    /// - Throws: `ReferenceListError` when it is not such a list, or does not fit the memory budget.
    package init(json: [UInt8], file: String, tuned: Bool = true) throws(ReferenceListError) {
        let entries: [Entry]
        do {
            entries = try JSONDecoder().decode([Entry].self, from: Data(json))
        } catch {
            throw ReferenceListError("\(file): expected a JSON list of objects with a \"pattern\": \(error)")
        }
        let listed = entries.map(\.pattern)
        let patterns = tuned ? listed.compactMap(Self.narrow) + Self.ownPatterns : listed
        guard (1...Self.maxPatterns).contains(patterns.count) else {
            throw ReferenceListError("\(file): \(patterns.count) patterns; expected 1 to \(Self.maxPatterns)")
        }
        (set, skipped) = try Self.compile(patterns, file: file)
        patternCount = patterns.count - skipped.count
        try warmUp(file: file)
    }

    deinit { fraud_re2_set_destroy(set) }

    /// Whether a user agent is a known crawler.
    ///
    /// - Complexity: O(length). It may allocate; ask once for each distinct agent.
    package func matches(_ agent: UnsafeRawBufferPointer) -> Bool {
        fraud_re2_set_match(set, agent.baseAddress, agent.count) == FRAUD_RE2_MATCH
    }

    /// The same for a string.
    package func matches(_ agent: String) -> Bool {
        var agent = agent
        return agent.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }

    private static func narrow(_ pattern: String) -> String? {
        guard let change = narrowed.first(where: { $0.listed == pattern }) else { return pattern }
        return change.instead
    }

    private static func compile(_ patterns: [String], file: String) throws(ReferenceListError) -> (OpaquePointer, [String]) {
        guard let set = fraud_re2_set_create(memoryBytes) else { throw ReferenceListError("\(file): out of memory") }
        var skipped: [String] = []
        let capacity = 256
        var message = [CChar](repeating: 0, count: capacity)
        for pattern in patterns where fraud_re2_set_add(set, pattern, pattern.utf8.count, &message, capacity) == 0 {
            skipped.append("\(pattern): \(ReferenceListError.text(message))")
        }
        guard skipped.count < patterns.count, fraud_re2_set_compile(set) == 1 else {
            fraud_re2_set_destroy(set)
            let reason = skipped.first ?? "the patterns do not fit \(memoryBytes >> 20) MiB"
            throw ReferenceListError("\(file): no pattern could be used: \(reason)")
        }
        return (set, skipped)
    }

    /// RE2 makes its automaton at the first match, and refuses then when a score of states do not fit its budget; so a budget
    /// too small shows here and not at a click. States beyond those are built as agents come, and dropped at the limit.
    private func warmUp(file: String) throws(ReferenceListError) {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
        guard fraud_re2_set_match(set, agent, agent.utf8.count) != FRAUD_RE2_OUT_OF_MEMORY else {
            throw ReferenceListError("\(file): the patterns' automaton does not fit \(Self.memoryBytes >> 20) MiB")
        }
    }
}
