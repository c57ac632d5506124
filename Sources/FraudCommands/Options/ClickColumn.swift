internal import ArgumentParser
internal import CClickRecord
internal import ClickModel

/// An id of a click, by which figures are told apart.
enum ClickColumn: String, ExpressibleByArgument, CaseIterable {
    case publisher_id, placement_id, ad_id, campaign_id, advertiser_id

    func text(_ record: ClickRecord) -> TextRange {
        switch self {
        case .publisher_id: record.publisher_id
        case .placement_id: record.placement_id
        case .ad_id: record.ad_id
        case .campaign_id: record.campaign_id
        case .advertiser_id: record.advertiser_id
        }
    }
}
