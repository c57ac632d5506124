/// What kind of machine a visitor holds.
enum DeviceKind: Int, CaseIterable, BitwiseCopyable { case phone, tablet, desktop }

/// A plausible, varied list of user agents of late 2026, most popular first within a kind, and of declared crawlers.
struct UserAgents {
    /// All agents end to end; `offsets[i] ..< offsets[i + 1]` is agent i.
    private(set) var bytes: [UInt8] = []
    private(set) var offsets: [Int] = [0]
    private var kinds: [Range<Int>] = []
    private(set) var crawlers: Range<Int> = 0..<0
    private var webViews: Range<Int> = 0..<0
    private var unusualOnes: [Range<Int>] = []

    var count: Int { offsets.count - 1 }

    init() {
        for list in [Self.phones(), Self.tablets(), Self.desktops()] { kinds.append(add(list)) }
        crawlers = add(Self.crawlerAgents)
        webViews = add(Self.webViewAgents())
        unusualOnes = [add(Self.unusualPhones), add(Self.unusualTablets), add(Self.unusualDesktops)]
    }

    private mutating func add(_ list: [String]) -> Range<Int> {
        let first = count
        for agent in list {
            bytes.append(contentsOf: agent.utf8)
            offsets.append(bytes.count)
        }
        return first..<count
    }

    /// An agent of this kind; low shares of `unit` (0 ..< 1) are the popular ones.
    func agent(_ kind: DeviceKind, unit: Double) -> Int32 {
        let range = kinds[kind.rawValue]
        return Int32(range.lowerBound + min(range.count - 1, Int(Double(range.count) * unit * unit)))
    }

    /// A page opened inside an app.
    func webView(_ hash: UInt64) -> Int32 { Int32(webViews.lowerBound + SplitMix64.below(webViews.count, hash)) }

    /// A browser that few people use.
    func unusual(_ kind: DeviceKind, _ hash: UInt64) -> Int32 {
        let range = unusualOnes[kind.rawValue]
        return Int32(range.lowerBound + SplitMix64.below(range.count, hash))
    }

    func crawler(_ index: Int) -> Int32 { Int32(crawlers.lowerBound + index % crawlers.count) }

    private static func phones() -> [String] {
        var list: [String] = []
        for chrome in [156, 155, 154, 152, 149, 146, 141] {
            list.append("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(chrome).0.0.0 Mobile Safari/537.36")
            for ios in ["26_1", "26_0", "18_7", "18_5", "17_6", "16_7"] where chrome % 2 == 0 || ios.hasPrefix("26") {
                let version = ios.split(separator: "_").joined(separator: ".")
                list.append("Mozilla/5.0 (iPhone; CPU iPhone OS \(ios) like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/\(version) Mobile/15E148 Safari/604.1")
                list.append("Mozilla/5.0 (iPhone; CPU iPhone OS \(ios) like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/\(chrome).0.7000.90 Mobile/15E148 Safari/604.1")
            }
        }
        let models = ["SM-S931B", "SM-A556B", "SM-A155F", "Pixel 10", "Pixel 9a", "2312DRA50G", "CPH2665", "RMX3890", "moto g84 5G", "V2338", "CUBOT P80"]
        for (i, model) in models.enumerated() {
            list.append("Mozilla/5.0 (Linux; Android \(13 + i % 4); \(model)) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/\(27 + i % 3).0 Chrome/\(141 + i).0.0.0 Mobile Safari/537.36")
            list.append("Mozilla/5.0 (Android \(13 + i % 4); Mobile; rv:\(140 + i).0) Gecko/\(140 + i).0 Firefox/\(140 + i).0")
        }
        return list
    }

    private static func tablets() -> [String] {
        var list: [String] = []
        for ios in ["26_1", "26_0", "18_7", "17_6", "16_7"] {
            let version = ios.split(separator: "_").joined(separator: ".")
            list.append("Mozilla/5.0 (iPad; CPU OS \(ios) like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/\(version) Mobile/15E148 Safari/604.1")
        }
        for (i, model) in ["SM-X920", "SM-X210", "Lenovo TB-J606F", "KFTRWI"].enumerated() {
            list.append("Mozilla/5.0 (Linux; Android \(12 + i); \(model)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(150 + i).0.0.0 Safari/537.36")
        }
        return list
    }

    private static func desktops() -> [String] {
        let windows = "Windows NT 10.0; Win64; x64"
        let mac = "Macintosh; Intel Mac OS X 10_15_7"
        let linux = "X11; Linux x86_64"
        var list: [String] = []
        for chrome in [156, 155, 154, 153, 151, 148, 144, 138] {
            for system in [windows, mac, linux] where system != linux || chrome > 150 {
                let base = "Mozilla/5.0 (\(system)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(chrome).0.0.0 Safari/537.36"
                list.append(base)
                if system == windows { list.append(base + " Edg/\(chrome).0.0.0") }
                if chrome % 3 == 0 { list.append(base + " OPR/\(chrome - 16).0.0.0") }
            }
            list.append("Mozilla/5.0 (\(windows); rv:\(chrome + 1).0) Gecko/20100101 Firefox/\(chrome + 1).0")
        }
        for version in ["26.1", "26.0", "18.6", "17.6", "16.6"] {
            list.append("Mozilla/5.0 (\(mac)) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/\(version) Safari/605.1.15")
        }
        for firefox in [157, 155, 140, 128] {
            list.append("Mozilla/5.0 (\(linux); rv:\(firefox).0) Gecko/20100101 Firefox/\(firefox).0")
            list.append("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:\(firefox).0) Gecko/20100101 Firefox/\(firefox).0")
        }
        list.append("Mozilla/5.0 (\(windows)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/154.0.0.0 Safari/537.36 Vivaldi/7.6.3797.58")
        return list
    }

    private static let crawlerAgents = [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)",
        "Screaming Frog SEO Spider/21.0",
        "python-requests/2.32.3",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    ]
}
