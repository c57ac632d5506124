internal import ClickModel

/// Writes clicks as NDJSON lines in the event schema.
struct ClickLine {
    let writer = LineWriter()
    private let world: World
    /// Part of every click id, so that runs with different seeds can be mixed.
    private let run: UInt64

    init(_ world: World) {
        self.world = world
        run = SplitMix64.mix(world.options.seed, 4) % 1_679_616  // four base-36 digits
    }

    /// Writes the click's line, newline included, into `writer`.
    func write(_ click: borrowing SimulatedClick) {
        writer.clear()
        writeRequired(click)
        writeVisitor(click)
        writePlace(click)
        writePointer(click)
        writePage(click)
        if click.isFraud {
            writer.text(#","label":"fraud","attack":""#)
            writer.text((AttackFamily(rawValue: click.attack) ?? .hosting).staticName)
            writer.text("\"}\n")
        } else {
            writer.text(#","label":"valid""#)
            writeLookAlikes(click.lookAlikes)
            writer.text("}\n")
        }
    }

    private func writeLookAlikes(_ set: LookAlikeSet) {
        guard !set.isEmpty else { return }
        writer.text(#","look_alike":""#)
        var isFirst = true
        for one in LookAlike.allCases where set.contains(one) {
            if !isFirst { writer.byte(UInt8(ascii: " ")) }
            isFirst = false
            writer.text(one.staticName)
        }
        writer.byte(UInt8(ascii: "\""))
    }

    /// The click's id as the line has it.
    func id(_ click: borrowing SimulatedClick) -> String {
        writer.clear()
        writeID(click)
        var bytes: [UInt8] = []
        writer.append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func writeID(_ click: borrowing SimulatedClick) {
        writer.byte(UInt8(ascii: "c"))
        writer.base36(run, digits: 4)
        writer.base36(click.id, digits: 6)
    }

    private func writeRequired(_ click: borrowing SimulatedClick) {
        writer.text(#"{"click_id":""#)
        writeID(click)
        writer.text(#"","ts":"#)
        writer.integer(click.time + Int64(click.clockSkew))
        let ad = Int(click.ad)
        writer.text(#","ad_id":"ad-"#)
        writer.integer(Int64(ad))
        writer.text(#"","campaign_id":"cmp-"#)
        writer.integer(Int64(world.inventory.campaign(ofAd: ad)))
        writer.text(#"","advertiser_id":"adv-"#)
        writer.integer(Int64(world.inventory.advertiser(ofAd: ad)))
        writer.text(#"","cost":"#)
        writer.decimal(click.costE4, decimals: 4)
        guard click.publisher >= 0 else { return }
        writer.text(#","publisher_id":"pub-"#)
        writer.integer(Int64(click.publisher))
        writer.text(#"","placement_id":"pl-"#)
        writer.integer(Int64(click.publisher))
        writer.byte(UInt8(ascii: "-"))
        writer.integer(Int64(click.placement))
        writer.byte(UInt8(ascii: "\""))
    }

    private func writeVisitor(_ click: borrowing SimulatedClick) {
        if click.user != 0 {
            writer.text(#","user_id":"u"#)
            writer.base36(click.user >> 24, digits: 8)
            writer.byte(UInt8(ascii: "\""))
        }
        if click.device != 0 {
            writer.text(#","device_fingerprint":""#)
            writer.hex(click.device >> 16, digits: 12)
            writer.byte(UInt8(ascii: "\""))
        }
        if click.address.isKnown {
            writer.text(#","ip":""#)
            writer.address(click.address)
            writer.byte(UInt8(ascii: "\""))
        }
        if click.agent >= 0 {
            let agents = world.agents
            writer.text(#","user_agent":""#)
            writer.bytes(agents.bytes, agents.offsets[Int(click.agent)]..<agents.offsets[Int(click.agent) + 1])
            writer.byte(UInt8(ascii: "\""))
        }
        if click.page >= 0, click.publisher >= 0 {
            writer.text(#","referrer":"https://pub-"#)
            writer.integer(Int64(click.publisher))
            writer.text(".example/p/")
            writer.integer(Int64(click.page))
            writer.byte(UInt8(ascii: "\""))
        }
    }

    private func writePlace(_ click: borrowing SimulatedClick) {
        if click.country != 255 {
            writer.text(#","country":""#)
            writer.text(Country.all[Int(click.country)].code)
            writer.byte(UInt8(ascii: "\""))
        }
        fraction(#","lat":"#, click.latitudeE2, 2)
        fraction(#","lon":"#, click.longitudeE2, 2)
        number(#","tz_offset_min":"#, click.zoneMinutes)
        if click.impressionTime != 0 {
            writer.text(#","impression_id":"i"#)
            writeID(click)
            writer.text(#"","impression_ts":"#)
            writer.integer(click.impressionTime + Int64(click.clockSkew))
        }
    }

    private func writePointer(_ click: borrowing SimulatedClick) {
        number(#","pointer_moves":"#, click.pointerMoves)
        number(#","pointer_distance_px":"#, click.pointerDistance)
        fraction(#","pointer_straightness":"#, click.straightnessE3, 3)
        number(#","pointer_duration_ms":"#, click.pointerDuration)
        fraction(#","pointer_speed_cv":"#, click.speedCVE3, 3)
        number(#","hover_ms":"#, click.hover)
        number(#","scroll_events":"#, click.scrolls)
        number(#","key_events":"#, click.keys)
        truth(#","touch":"#, click.touch)
    }

    private func writePage(_ click: borrowing SimulatedClick) {
        number(#","time_to_click_ms":"#, click.timeToClick)
        fraction(#","visible_ratio":"#, click.visibleE2, 2)
        fraction(#","opacity":"#, click.opacityE2, 2)
        number(#","element_width_px":"#, click.width)
        number(#","element_height_px":"#, click.height)
        truth(#","webdriver":"#, click.webdriver)
        number(#","dwell_ms":"#, click.dwell)
    }

    private func number(_ key: StaticString, _ value: Int32) {
        guard value != SimulatedClick.unknown else { return }
        writer.text(key)
        writer.integer(Int64(value))
    }

    private func fraction(_ key: StaticString, _ value: Int32, _ decimals: Int) {
        guard value != SimulatedClick.unknown else { return }
        writer.text(key)
        writer.decimal(Int64(value), decimals: decimals)
    }

    private func truth(_ key: StaticString, _ value: Int8) {
        guard value >= 0 else { return }
        writer.text(key)
        writer.text(value == 1 ? "true" : "false")
    }
}
