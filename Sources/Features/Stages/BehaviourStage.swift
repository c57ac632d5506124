internal import CClickRecord
internal import ClickModel

extension FeatureExtractor {
    /// What the click itself says: pointer, visibility, timing. No state.
    func behaviour(_ clicks: SelectedClicks, _ columns: FeatureColumns) {
        for row in 0..<clicks.count {
            let click = clicks[row]
            let c = click.pointee
            columns.set(.automationFlag, row, Self.flag(c.webdriver))
            columns.set(.hiddenElement, row, Self.hidden(c))
            columns.set(.noPointerMovement, row, Self.noMovement(c))
            columns.set(.instantBounce, row, c.dwell_ms.isNaN ? .nan : (c.dwell_ms < 1000 ? 1 : 0))
            columns.set(.touch, row, Self.flag(c.touch))
            columns.set(.pointerMoves, row, c.pointer_moves)
            columns.set(.pointerDistancePx, row, c.pointer_distance_px)
            columns.set(.pointerStraightness, row, c.pointer_straightness)
            columns.set(.pointerDurationMs, row, c.pointer_duration_ms)
            columns.set(.pointerSpeedCV, row, c.pointer_speed_cv)
            columns.set(.hoverMs, row, c.hover_ms)
            columns.set(.scrollEvents, row, c.scroll_events)
            columns.set(.keyEvents, row, c.key_events)
            columns.set(.timeToClickMs, row, Self.timeToClick(c))
            columns.set(.visibleRatio, row, c.visible_ratio)
            columns.set(.opacity, row, c.opacity)
            columns.set(.dwellMs, row, c.dwell_ms)
            columns.set(.timezoneMismatchMin, row, Self.timezoneMismatch(c))
        }
    }

    @inline(__always)
    private static func flag(_ value: UInt8) -> Float { value == 0 ? .nan : (value == 2 ? 1 : 0) }

    /// One sure sign makes it hidden; it is shown only as far as something was measured.
    @inline(__always)
    private static func hidden(_ c: ClickRecord) -> Float {
        if c.visible_ratio == 0 || c.opacity < 0.1 || c.element_width_px < 2 || c.element_height_px < 2 { return 1 }
        let measured = !(c.visible_ratio.isNaN && c.opacity.isNaN && c.element_width_px.isNaN && c.element_height_px.isNaN)
        return measured ? 0 : .nan
    }

    /// Touch and keyboard users have no pointer path.
    @inline(__always)
    private static func noMovement(_ c: ClickRecord) -> Float {
        if c.pointer_moves.isNaN { return .nan }
        return c.pointer_moves == 0 && c.touch != 2 && !(c.key_events > 0) ? 1 : 0
    }

    @inline(__always)
    private static func timeToClick(_ c: ClickRecord) -> Float {
        if !c.time_to_click_ms.isNaN { return c.time_to_click_ms }
        guard c.impression_ts_ms != Int64.min, c.impression_ts_ms <= c.ts_ms else { return .nan }
        return Float(c.ts_ms - c.impression_ts_ms)
    }

    /// Solar time moves four minutes a degree; zones differ from it by up to about three hours.
    @inline(__always)
    private static func timezoneMismatch(_ c: ClickRecord) -> Float {
        guard !c.tz_offset_min.isNaN, !c.lon.isNaN else { return .nan }
        let difference = abs(c.tz_offset_min - c.lon * 4)
        return min(difference, abs(1440 - difference))
    }
}
