/*
kind = "view"
family = "processed_properties"
description = "Listings with the validation rules that they break and their fields in normal form."
day_of = "event_time"
*/
-- A value that a listing does not give breaks no rule but those that say missing or incomplete.
select
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    property_id, -- Identifies the property
    price, -- Asking price, US dollars
    bedrooms, -- Bedrooms
    -- Nothing is cast that may not fit
    case when bathrooms <= 20 then cast(bathrooms as decimal(3, 1)) end as bathrooms, -- Bathrooms; halves count
    square_footage, -- Living area, square feet
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    -- ASCII letters alone, so that every engine agrees
    nullif(
        trim(translate(city, 'abcdefghijklmnopqrstuvwxyz_', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ ')), ''
    ) as city, -- City in capitals, with blanks for underscores and none around it
    translate(
        trim(property_type), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ- ', 'abcdefghijklmnopqrstuvwxyz__'
    ) as property_type, -- residential, condo or multi_family
    -- Rounded to the next whole number, halves up: the same operations on doubles everywhere
    case
        when latitude >= -90 and latitude <= 90 then cast(floor(latitude * 1000000 + 0.5) as bigint)
    end as latitude_e6, -- Millionths of a degree north
    case
        when longitude >= -180 and longitude <= 180 then cast(floor(longitude * 1000000 + 0.5) as bigint)
    end as longitude_e6, -- Millionths of a degree east
    event_time, -- When the listing was made, UTC
    concat_ws(
        ',',
        case when zip_code is null then 'zip_code_missing' end,
        case when state_code is null then 'state_code_missing' end,
        case when state_code <> zip_code_state_code then 'state_code_does_not_match_zip_code' end,
        case when (latitude is null) <> (longitude is null) then 'coordinates_incomplete' end,
        -- The states with Puerto Rico and the Virgin Islands; Guam and the Northern Marianas; American Samoa
        case
            when latitude is not null and longitude is not null
                and not (latitude >= 17.5 and latitude <= 71.5 and longitude >= -179.5 and longitude <= -64.5)
                and not (latitude >= 13 and latitude <= 21 and longitude >= 144 and longitude <= 147)
                and not (latitude >= -15 and latitude <= -11 and longitude >= -172 and longitude <= -168)
                then 'coordinates_outside_us'
        end,
        case when bedrooms < 0 or bedrooms > 20 then 'bedrooms_out_of_range' end,
        case
            when bathrooms < 0 or bathrooms > 20 or cast(bathrooms as double) % 0.5 <> 0 then 'bathrooms_out_of_range'
        end,
        case when square_footage < 100 or square_footage > 100000 then 'square_footage_out_of_range' end,
        -- Below 5 or above 10,000 dollars a square foot
        case
            when square_footage >= 1
                and (price < 5 * cast(square_footage as bigint) or price > 10000 * cast(square_footage as bigint))
                then 'price_per_square_foot_implausible'
        end,
        case
            when translate(trim(property_type), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ- ', 'abcdefghijklmnopqrstuvwxyz__')
                not in ('residential', 'condo', 'multi_family')
                then 'property_type_unknown'
        end
    ) as broken_rules -- Names of all rules broken, in their order, between commas; empty for none
from property_listing_places
