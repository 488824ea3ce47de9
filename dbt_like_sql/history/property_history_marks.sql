/*
kind = "view"
family = "property_history"
description = "Steps that cannot be as told, or tell too little, in the order of event times; a row for each mark."
day_of = "event_time"
*/
select
    steps.property_id, -- Identifies the property
    steps.event_time, -- When it happened, UTC
    steps.event_type, -- LISTED, PRICE_REDUCED, PENDING, SOLD, WITHDRAWN or UNKNOWN
    steps.price, -- Price, US dollars, where the step has one
    steps.previous_status, -- LISTED, PENDING, SOLD or WITHDRAWN just before it, null for none
    steps.previous_price, -- Price asked just before it, US dollars
    -- never_listed: no listing before it. after_end: sold or withdrawn before it, and not listed again. repeated: the
    -- status was that already. raised: reduced to more. not_reduced: reduced to the same. price_missing: a listing,
    -- reduction or sale without a price. unknown_step: none of the kinds known here.
    rules.mark as mark, -- never_listed, after_end, repeated, raised, not_reduced, price_missing or unknown_step
    steps.topic_id, -- Id of the topic that the record came from
    steps.topic_epoch, -- How many times that topic had been made, from 1
    steps.kafka_partition, -- Its partition
    steps.kafka_offset -- Its offset
from (
    select
        *,
        last_value(
            case when event_type in ('LISTED', 'PENDING', 'SOLD', 'WITHDRAWN') then event_type end ignore nulls
        ) over (
            partition by property_id order by event_time, topic_epoch, kafka_partition, kafka_offset
            rows between unbounded preceding and 1 preceding
        ) as previous_status,
        last_value(case when event_type in ('LISTED', 'PRICE_REDUCED') then price end ignore nulls) over (
            partition by property_id order by event_time, topic_epoch, kafka_partition, kafka_offset
            rows between unbounded preceding and 1 preceding
        ) as previous_price,
        count(case when event_type = 'LISTED' then 1 end) over (
            partition by property_id order by event_time, topic_epoch, kafka_partition, kafka_offset
            rows between unbounded preceding and 1 preceding
        ) as previous_listings
    from property_history
) as steps
cross join (values
    ('never_listed'), ('after_end'), ('repeated'), ('raised'), ('not_reduced'), ('price_missing'), ('unknown_step')
) as rules (mark)
where case rules.mark
    when 'never_listed' then steps.event_type not in ('LISTED', 'UNKNOWN') and steps.previous_listings = 0
    when 'after_end' then steps.event_type not in ('LISTED', 'UNKNOWN')
        and steps.previous_status in ('SOLD', 'WITHDRAWN')
    when 'repeated' then steps.event_type in ('LISTED', 'PENDING') and steps.event_type = steps.previous_status
    when 'raised' then steps.event_type = 'PRICE_REDUCED' and steps.price > steps.previous_price
    when 'not_reduced' then steps.event_type = 'PRICE_REDUCED' and steps.price = steps.previous_price
    when 'price_missing' then steps.event_type in ('LISTED', 'PRICE_REDUCED', 'SOLD') and steps.price is null
    else steps.event_type = 'UNKNOWN'
end
