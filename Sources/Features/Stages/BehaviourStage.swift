internal import CClickRecord
internal import ClickModel

extension FeatureExtractor {
    /// Gathers times and keys of the clicks, the first thing that is needed of them.
    func gatherStage(_ clicks: SelectedClicks, _ rows: Range<Int>) {
        let numbers = MemoryLayout<ClickRecord>.offset(of: \.lat).unsafelyUnwrapped
        for row in rows {
            let click = UnsafePointer(clicks[row])
            fraud_prefetch(UnsafeRawPointer(click) + numbers)
            clickColumns.gatherKeys(click, row)
        }
    }

    /// What the click itself says: pointer, visibility, timing. No state.
    func behaviourStage(_ clicks: SelectedClicks, _ rows: Range<Int>, _ columns: FeatureColumns) {
        for row in rows {
            let c = UnsafePointer(clicks[row])
            clickColumns.gatherNumbers(c, row)
            columns.set(.automationFlag, row, Self.flag(c.pointee.webdriver))
            columns.set(.hiddenElement, row, Self.hidden(c))
            columns.set(.noPointerMovement, row, Self.noMovement(c))
            let dwell = c.pointee.dwell_ms
            columns.set(.instantBounce, row, dwell.isNaN ? .nan : (dwell < 1000 ? 1 : 0))
            columns.set(.touch, row, Self.flag(c.pointee.touch))
            columns.set(.pointerMoves, row, c.pointee.pointer_moves)
            columns.set(.pointerDistancePx, row, c.pointee.pointer_distance_px)
            columns.set(.pointerStraightness, row, c.pointee.pointer_straightness)
            columns.set(.pointerDurationMs, row, c.pointee.pointer_duration_ms)
            columns.set(.pointerSpeedCV, row, c.pointee.pointer_speed_cv)
            columns.set(.hoverMs, row, c.pointee.hover_ms)
            columns.set(.scrollEvents, row, c.pointee.scroll_events)
            columns.set(.keyEvents, row, c.pointee.key_events)
            columns.set(.timeToClickMs, row, Self.timeToClick(c))
            columns.set(.visibleRatio, row, c.pointee.visible_ratio)
            columns.set(.opacity, row, c.pointee.opacity)
            columns.set(.dwellMs, row, dwell)
            columns.set(.timezoneMismatchMin, row, Self.timezoneMismatch(c))
        }
    }

    @inline(__always)
    private static func flag(_ value: UInt8) -> Float { value == 0 ? .nan : (value == 2 ? 1 : 0) }

    /// One sure sign makes it hidden; it is shown only as far as something was measured.
    @inline(__always)
    private static func hidden(_ c: UnsafePointer<ClickRecord>) -> Float {
        if c.pointee.visible_ratio == 0 || c.pointee.opacity < 0.1 || c.pointee.element_width_px < 2 || c.pointee.element_height_px < 2 { return 1 }
        let measured = !(c.pointee.visible_ratio.isNaN && c.pointee.opacity.isNaN && c.pointee.element_width_px.isNaN && c.pointee.element_height_px.isNaN)
        return measured ? 0 : .nan
    }

    /// Touch and keyboard users have no pointer path.
    @inline(__always)
    private static func noMovement(_ c: UnsafePointer<ClickRecord>) -> Float {
        if c.pointee.pointer_moves.isNaN { return .nan }
        return c.pointee.pointer_moves == 0 && c.pointee.touch != 2 && !(c.pointee.key_events > 0) ? 1 : 0
    }

    @inline(__always)
    private static func timeToClick(_ c: UnsafePointer<ClickRecord>) -> Float {
        if !c.pointee.time_to_click_ms.isNaN { return c.pointee.time_to_click_ms }
        guard c.pointee.impression_ts_ms != Int64.min, c.pointee.impression_ts_ms <= c.pointee.ts_ms else { return .nan }
        return Float(c.pointee.ts_ms - c.pointee.impression_ts_ms)
    }

    /// Solar time moves four minutes a degree; zones differ from it by up to about three hours.
    @inline(__always)
    private static func timezoneMismatch(_ c: UnsafePointer<ClickRecord>) -> Float {
        guard !c.pointee.tz_offset_min.isNaN, !c.pointee.lon.isNaN else { return .nan }
        let difference = abs(c.pointee.tz_offset_min - c.pointee.lon * 4)
        return min(difference, abs(1440 - difference))
    }
}
