/*
kind = "settled"
family = "personalized_recommendations"
every_seconds = 5
description = "For each view and profile of a user within 10 minutes: how the home fits, and the three best others on offer."
moment = "recommended_at"
wait = "5 minutes"
identity = ["pair_id"]
day_of = "recommended_at"
reach_days = 366

[reach]
recommendation_pairs = "0 seconds"
stg_property_views = "10 minutes"
stg_user_profiles = "10 minutes"
stg_property_listings = "365 days"
stg_property_events = "365 days"
*/
-- What is on offer at moment t. Of a property's listings and steps that count for t (event_time <= t and
-- stream_time <= t + 5 minutes; see offer_records), the latest says whether it is open: a listing, LISTED or
-- PRICE_REDUCED do; PENDING, SOLD and WITHDRAWN do not. Its latest listing gives zip code and bedrooms, and must not
-- be older than 365 days. The price is that of the latest record or, where this has none, of the latest listing.
--
-- Recommended are the open ones, without the one looked at, in a preferred zip code, from min_price to max_price,
-- with min_bedrooms or more: the three best by score descending, price ascending, property id ascending.
--
-- The score, 0 to 1000 points, in whole numbers; every quotient is cut off:
--   place    400 in a preferred zip code, else 0
--   price    300 + 100 * (max_price - price) / max_price within the budget
--            300 - 3000 * (price - max_price) / max_price above max_price, 0 at the least: gone at 10 % above
--            300 - 300 * (min_price - price) / min_price below min_price
--   bedrooms 150 + 25 for each above min_bedrooms, 2 at the most
--            150 * bedrooms / min_bedrooms below them
-- Prices are at most 10^12, so that no product passes 3 * 10^15.
with pairs as (
    select
        *,
        row_number() over (order by pair_id) as pair_number -- Shorter to compare than the text, a million times over
    from recommendation_pairs
),

searches as (
    select distinct
        pair_number,
        recommended_at,
        viewed_property_id,
        min_price,
        max_price,
        min_bedrooms,
        zip_code
    from (
        select
            pair_number,
            recommended_at,
            viewed_property_id,
            min_price,
            max_price,
            min_bedrooms,
            unnest(preferred_zip_codes) as zip_code
        from pairs
    ) as each_zip_code
),

-- All records of the properties that were ever listed in these zip codes, or looked at
records as (
    select * from offer_records
    where property_id in (select property_id from offer_records where zip_code in (select zip_code from searches))
        or property_id in (select viewed_property_id from pairs)
),

-- The latest of them at the first of the moments: what lies before it never is at the others
latest as (
    select
        property_id,
        coalesce(
            max(case when is_listing and counts_from <= first_at then event_time end), timestamp '1970-01-01 00:00:00'
        ) as latest_listing,
        coalesce(
            max(case when counts_from <= first_at then event_time end), timestamp '1970-01-01 00:00:00'
        ) as latest_record
    from records
    cross join (select min(recommended_at) as first_at from pairs) as moments
    group by property_id
),

-- A record is the latest from counts_from on, until one behind it in the order counts
listings as (
    select
        records.property_id,
        records.zip_code,
        records.bedrooms,
        records.price,
        records.event_time,
        records.counts_from,
        coalesce(
            min(records.counts_from) over (
                partition by records.property_id
                order by
                    records.event_time,
                    records.topic_rank,
                    records.topic_epoch,
                    records.kafka_partition,
                    records.kafka_offset
                rows between 1 following and unbounded following
            ),
            timestamp '9999-12-31 00:00:00'
        ) as counts_until
    from records
    inner join latest
        on records.property_id = latest.property_id
        and records.event_time >= latest.latest_listing
    where records.is_listing
),

standings as (
    select
        records.property_id,
        records.is_open,
        records.price,
        records.counts_from,
        coalesce(
            min(records.counts_from) over (
                partition by records.property_id
                order by
                    records.event_time,
                    records.topic_rank,
                    records.topic_epoch,
                    records.kafka_partition,
                    records.kafka_offset
                rows between 1 following and unbounded following
            ),
            timestamp '9999-12-31 00:00:00'
        ) as counts_until
    from records
    inner join latest
        on records.property_id = latest.property_id
        and records.event_time >= latest.latest_record
),

-- What each property was in [since, until)
homes as (
    select
        listings.property_id,
        listings.zip_code,
        cast(listings.bedrooms as bigint) as bedrooms,
        coalesce(standings.price, listings.price) as price,
        standings.is_open,
        greatest(listings.counts_from, standings.counts_from) as since,
        least(listings.counts_until, standings.counts_until) as until,
        listings.event_time + interval 365 days as listed_until
    from listings
    inner join standings
        on listings.property_id = standings.property_id
        and listings.counts_from < standings.counts_until
        and standings.counts_from < listings.counts_until
),

viewed as (
    select
        pairs.pair_number,
        case
            when homes.zip_code is null then 'zip code unknown'
            when list_contains(pairs.preferred_zip_codes, homes.zip_code)
                then 'in preferred zip code ' || homes.zip_code
            else 'zip code ' || homes.zip_code || ' not preferred'
        end as place,
        case
            when homes.price > pairs.max_price
                then cast(homes.price as varchar) || ' dollars, above the budget of '
                    || cast(pairs.max_price as varchar)
            when homes.price < pairs.min_price
                then cast(homes.price as varchar) || ' dollars, below the lowest price of '
                    || cast(pairs.min_price as varchar)
            else cast(homes.price as varchar) || ' dollars of at most ' || cast(pairs.max_price as varchar)
        end as cost,
        cast(homes.bedrooms as varchar) || case
            when homes.bedrooms < pairs.min_bedrooms then ' bedrooms, fewer than '
            else ' bedrooms of at least '
        end || cast(pairs.min_bedrooms as varchar) as size,
        case when list_contains(pairs.preferred_zip_codes, homes.zip_code) then 400 else 0 end
        + case
            when homes.price > pairs.max_price
                then greatest(300 - 3000 * (homes.price - pairs.max_price) // pairs.max_price, 0)
            when homes.price < pairs.min_price
                then 300 - 300 * (pairs.min_price - homes.price) // pairs.min_price
            else 300 + 100 * (pairs.max_price - homes.price) // pairs.max_price
        end
        + case
            when homes.bedrooms < pairs.min_bedrooms then 150 * homes.bedrooms // pairs.min_bedrooms
            else 150 + 25 * least(homes.bedrooms - pairs.min_bedrooms, 2)
        end as score
    from pairs
    inner join homes
        on pairs.viewed_property_id = homes.property_id
        and pairs.recommended_at >= homes.since
        and pairs.recommended_at < homes.until
        and pairs.recommended_at <= homes.listed_until
),

-- The time that the searches span, in pieces of equal length: a search need only meet the homes of its piece.
-- Homes that last stand in each piece, so that there are no more pieces than the searches of one zip code pay for.
pieces as (
    select
        min(recommended_at) as first_at,
        max(recommended_at) as last_at,
        date_diff('millisecond', min(recommended_at), max(recommended_at))
        // least(1 + count(*) // (7 * count(distinct zip_code)), 256) + 1 as length_ms
    from searches
),

homes_by_piece as (
    select
        homes.property_id,
        homes.zip_code,
        homes.price,
        homes.bedrooms,
        homes.since,
        homes.until,
        homes.listed_until,
        unnest(generate_series(
            date_diff('millisecond', pieces.first_at, greatest(homes.since, pieces.first_at)) // pieces.length_ms,
            date_diff('millisecond', pieces.first_at, least(homes.until, pieces.last_at)) // pieces.length_ms
        )) as piece
    from homes
    inner join pieces
        on homes.since <= pieces.last_at
        and homes.until > pieces.first_at
    where homes.is_open
),

searches_by_piece as (
    select
        searches.*,
        date_diff('millisecond', pieces.first_at, searches.recommended_at) // pieces.length_ms as piece
    from searches
    cross join pieces
),

-- Place and bedrooms are in order here, and the price is within the budget
offers as (
    select
        searches.pair_number,
        homes.property_id,
        homes.zip_code,
        homes.price,
        homes.bedrooms,
        searches.max_price,
        searches.min_bedrooms,
        700 + 100 * (searches.max_price - homes.price) // searches.max_price
        + 150 + 25 * least(homes.bedrooms - searches.min_bedrooms, 2) as score
    from searches_by_piece as searches
    inner join homes_by_piece as homes
        on searches.zip_code = homes.zip_code
        and searches.piece = homes.piece
        and searches.recommended_at >= homes.since
        and searches.recommended_at < homes.until
        and searches.recommended_at <= homes.listed_until
        and searches.viewed_property_id <> homes.property_id
        and homes.price >= coalesce(searches.min_price, 0)
        and homes.price <= searches.max_price
        and homes.bedrooms >= searches.min_bedrooms
),

ranked as (
    select
        pair_number,
        place,
        {
            'place': place,
            'property_id': property_id,
            'zip_code': zip_code,
            'price': price,
            'bedrooms': bedrooms,
            'score': score,
            'reason': 'in preferred zip code ' || zip_code || '; '
                || cast(price as varchar) || ' dollars of at most ' || cast(max_price as varchar) || '; '
                || cast(bedrooms as varchar) || ' bedrooms of at least ' || cast(min_bedrooms as varchar)
        } as home
    from (
        select
            *,
            -- Score descending, price, property id: as one value, DuckDB keeps the best three without sorting all
            row_number() over (
                partition by pair_number
                order by {'first': -score, 'second': price, 'third': property_id}
            ) as place
        from offers
    ) as numbered
    where place <= 3
),

best as (
    select
        pair_number,
        max(case when place = 1 then home end) as first,
        max(case when place = 2 then home end) as second,
        max(case when place = 3 then home end) as third
    from ranked
    group by pair_number
)

select
    pairs.pair_id, -- Coordinates of the view and of the profile, as one text
    pairs.user_id, -- The user
    pairs.recommended_at, -- Moment for which this is decided: the later of view and profile, UTC
    pairs.viewed_property_id, -- The property looked at
    viewed.score as viewed_score, -- How it fits the profile, 0 to 1000 points; null where no listing of it is known
    coalesce(
        viewed.place || '; ' || viewed.cost || '; ' || viewed.size, 'no listing known'
    ) as viewed_reason, -- The same in words
    case
        when best.third is not null then [best.first, best.second, best.third]
        when best.second is not null then [best.first, best.second]
        when best.first is not null then [best.first]
        else []
    end as recommendations, -- Up to 3 other homes on offer, best first; price in US dollars, score 0 to 1000 points
    pairs.state_code, -- State of the user, else of the property; null where neither is known
    pairs.viewed_at, -- When the property was looked at, UTC
    pairs.profile_updated_at, -- When the profile was given, UTC
    pairs.topic_id, -- Id of the topic that the view came from
    pairs.kafka_partition, -- Its partition
    pairs.kafka_offset, -- Its offset
    pairs.profile_topic_id, -- Id of the topic that the profile came from
    pairs.profile_kafka_partition, -- Its partition
    pairs.profile_kafka_offset -- Its offset
from pairs
left join viewed
    on pairs.pair_number = viewed.pair_number
left join best
    on pairs.pair_number = best.pair_number
