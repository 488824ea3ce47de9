/*
kind = "view"
family = "property_history"
description = "Every reduction of the trail beside the price that the price changes gave the property at that moment."
day_of = "event_time"
*/
select
    compared.property_id, -- Identifies the property
    compared.event_time, -- When the trail says that the price was reduced, UTC
    compared.trail_price, -- To what, US dollars
    compared.changed_price, -- New price of the last price change at or before that moment, US dollars
    -- Open: until the price changes' stream time is 5 minutes past it, some may be under way.
    case
        when coalesce(compared.event_time + interval 5 minutes >= epoch_ms(times.stream_time_ms), true) then 'open'
        when compared.changed_price is null then 'untold'
        when compared.changed_price = compared.trail_price then 'agrees'
        else 'differs'
    end as verdict, -- agrees, differs, untold (no price change by then) or open (some may be under way)
    compared.topic_epoch, -- Of the trail's record: how many times its topic had been made, from 1
    compared.kafka_partition, -- Its partition
    compared.kafka_offset -- Its offset
from (
    select
        *,
        last_value(new_price ignore nulls) over (
            partition by property_id order by event_time, topic_rank, topic_epoch, kafka_partition, kafka_offset
            rows between unbounded preceding and current row
        ) as changed_price
    from (
        select
            property_id, event_time, 3 as topic_rank, topic_epoch, kafka_partition, kafka_offset,
            new_price, cast(null as bigint) as trail_price
        from stg_property_price_changes
        union all
        select
            property_id, event_time, 5 as topic_rank, topic_epoch, kafka_partition, kafka_offset,
            cast(null as bigint) as new_price, price as trail_price
        from property_history
        where event_type = 'PRICE_REDUCED' and price is not null
    ) as moments
) as compared
cross join (
    select min(stream_time_ms) as stream_time_ms
    from stream_times
    where topic = 'property-price-changes'
) as times
where compared.trail_price is not null
