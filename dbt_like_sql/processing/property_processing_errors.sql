/*
kind = "append"
family = "processed_properties"
description = "Listings that break rules, with all rules broken."
identity = ["topic_id", "kafka_partition", "kafka_offset"]
day_of = "event_time"
*/
select
    property_id, -- Identifies the property
    price, -- Asking price, US dollars
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    broken_rules, -- Names of all rules broken, in the order of property_listing_checks, between commas
    event_time, -- When the listing was made, UTC
    topic_id, -- Id of the topic that the record came from
    kafka_partition, -- Its partition
    kafka_offset -- Its offset
from property_listing_checks
where broken_rules <> ''
