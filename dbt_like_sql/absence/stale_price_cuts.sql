/*
kind = "view"
family = "stale_price_cuts"
description = "Price cuts that nobody looked at for 7 days, those that somebody did, and those still open."
day_of = "event_time"
*/
select
    property_id, -- The property
    zip_code, -- Its five-digit US zip code
    state_code, -- Its two-letter US state code
    old_price, -- Price before, US dollars
    new_price, -- Price after, US dollars
    change_ppb, -- Change in parts per billion of the price before, truncated toward zero
    event_time, -- When the price was cut, UTC
    event_time + interval 7 days as watched_until, -- A view until then, this moment included, clears the cut, UTC
    case
        when first_viewed_at is not null then 'cleared'
        when epoch_ms(stream_time_ms) > event_time + interval 7 days + interval 5 minutes then 'stale'
        else 'pending'
    end as status, -- cleared, stale (final, for no view can count any more) or pending
    first_viewed_at, -- First view after the cut that counts, UTC; null for none
    first_viewed_by, -- Who looked then; null for none
    topic_id, -- Id of the topic that the cut came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from price_cut_first_views
cross join (
    select min(stream_time_ms) as stream_time_ms
    from stream_times
    where topic = 'property-views'
) as least_stream_time
