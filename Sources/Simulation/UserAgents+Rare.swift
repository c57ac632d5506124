/// Agents of people that a crawler list must leave alone: apps' web views, and browsers that few use.
extension UserAgents {
    static func webViewAgents() -> [String] {
        var list: [String] = []
        let models = ["SM-S931B", "SM-A556B", "Pixel 9a", "2312DRA50G", "CPH2665", "CUBOT P80"]
        for (i, model) in models.enumerated() {
            let base = "Mozilla/5.0 (Linux; Android \(13 + i % 4); \(model) Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/\(146 + i).0.7339.52 Mobile Safari/537.36"
            list.append(base)
            list.append(base + " Instagram 40\(i).0.0.28.109 Android")
            list.append(base + " [FB_IAB/FB4A;FBAV/53\(i).0.0.40.71;]")
            list.append(base + " musical_ly_20250\(i)0 BytedanceWebview/d8a21c6")
        }
        for (i, ios) in ["26_1", "26_0_1", "18_7_1"].enumerated() {
            let base = "Mozilla/5.0 (iPhone; CPU iPhone OS \(ios) like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            list.append(base + " Mobile/15E148")
            list.append(base + " Mobile/15E148 [FBAN/FBIOS;FBAV/53\(i).0.0.40.71;FBDV/iPhone1\(5 + i),2;FBSN/iOS]")
            list.append(base + " Mobile/15E148 [Pinterest/iOS]")
            list.append(base + " Version/\(18 + i).0 Mobile/15E148 Snapchat/13.\(50 + i).0.40 (like Safari/8\(i)22.2.11, panda)")
            list.append(base + " GSA/38\(i).0.799 Mobile/15E148 Safari/604.1")
            list.append(base + " Mobile/15E148 [LinkedInApp]/9.31.\(800 + i)")
            list.append(base + " Mobile/15E148 MicroMessenger/8.0.6\(i)(0x18003d2a) NetType/WIFI Language/en")
        }
        return list
    }

    static let unusualPhones = [
        "Mozilla/5.0 (Mobile; Nokia 2780 Flip; rv:84.0) Gecko/84.0 Firefox/84.0 KAIOS/3.1",
        "Mozilla/5.0 (Linux; Android 14; FP5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36 DuckDuckGo/5",
        "Opera/9.80 (Android; Opera Mini/94.0.2254/191.347; U; en) Presto/2.12.423 Version/12.16",
        "Mozilla/5.0 (Linux; U; Android 12; en-US; Infinix X6515) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.6312.80 UCBrowser/13.9.8.1330 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0 Iceraven/2.38",
    ]
    static let unusualTablets = [
        "Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Version/5.0 Safari/533.2+ Kindle/3.0+",
        "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/138.3.1 like Chrome/138.0.7204.63 Safari/537.36",
        "Mozilla/5.0 (PlayStation; PlayStation 5/8.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
    ]
    static let unusualDesktops = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Goanna/6.7 PaleMoon/33.8.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.21",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Falkon/24.12 Chrome/122.0.6261.171 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Mozilla/5.0 (X11; OpenBSD amd64; rv:142.0) Gecko/20100101 Firefox/142.0",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15 Epiphany/605.1.15",
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) 108.0.5359.1/8.0 TV Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 Waterfox/6.5",
    ]
}
