/*
kind = "view"
family = "processed_properties"
description = "Listings with the state that their zip code lies in."
day_of = "event_time"
*/
select
    topic_id, -- Id of the topic that the record came from
    topic_epoch, -- How many times that topic had been made
    kafka_partition, -- Its partition
    kafka_offset, -- Its offset
    property_id, -- Identifies the property
    price, -- Asking price, US dollars
    bedrooms, -- Bedrooms
    bathrooms, -- Bathrooms; halves count
    square_footage, -- Living area, square feet
    zip_code, -- Five-digit US zip code
    state_code, -- Two-letter US state code
    city, -- City as the agent wrote it
    property_type, -- Type as the agent wrote it
    latitude, -- Degrees north
    longitude, -- Degrees east
    event_time, -- When the listing was made, UTC
    -- Zip codes ascend in ranges, each of one state; only known codes come through staging
    case
        when zip_code <= '00544' then 'NY'
        when zip_code <= '00795' then 'PR'
        when zip_code <= '00851' then 'VI'
        when zip_code <= '00988' then 'PR'
        when zip_code <= '02791' then 'MA'
        when zip_code <= '02940' then 'RI'
        when zip_code <= '03897' then 'NH'
        when zip_code <= '04992' then 'ME'
        when zip_code <= '05495' then 'VT'
        when zip_code <= '05544' then 'MA'
        when zip_code <= '05907' then 'VT'
        when zip_code <= '06389' then 'CT'
        when zip_code <= '06390' then 'NY'
        when zip_code <= '06928' then 'CT'
        when zip_code <= '08989' then 'NJ'
        when zip_code <= '09904' then 'AE'
        when zip_code <= '09905' then 'NJ'
        when zip_code <= '09978' then 'AE'
        when zip_code <= '09984' then 'NJ'
        when zip_code <= '14925' then 'NY'
        when zip_code <= '19640' then 'PA'
        when zip_code <= '19980' then 'DE'
        when zip_code <= '20098' then 'DC'
        when zip_code <= '20199' then 'VA'
        when zip_code <= '20586' then 'DC'
        when zip_code <= '20588' then 'MD'
        when zip_code <= '20597' then 'DC'
        when zip_code <= '20598' then 'VA'
        when zip_code <= '20599' then 'DC'
        when zip_code <= '21930' then 'MD'
        when zip_code <= '24658' then 'VA'
        when zip_code <= '26886' then 'WV'
        when zip_code <= '28909' then 'NC'
        when zip_code <= '29945' then 'SC'
        when zip_code <= '31999' then 'GA'
        when zip_code <= '33994' then 'FL'
        when zip_code <= '34099' then 'AA'
        when zip_code <= '34997' then 'FL'
        when zip_code <= '36925' then 'AL'
        when zip_code <= '38589' then 'TN'
        when zip_code <= '39776' then 'MS'
        when zip_code <= '39901' then 'GA'
        when zip_code <= '42788' then 'KY'
        when zip_code <= '45999' then 'OH'
        when zip_code <= '47997' then 'IN'
        when zip_code <= '49971' then 'MI'
        when zip_code <= '52809' then 'IA'
        when zip_code <= '54990' then 'WI'
        when zip_code <= '56763' then 'MN'
        when zip_code <= '56999' then 'DC'
        when zip_code <= '57799' then 'SD'
        when zip_code <= '58856' then 'ND'
        when zip_code <= '59937' then 'MT'
        when zip_code <= '62999' then 'IL'
        when zip_code <= '65899' then 'MO'
        when zip_code <= '67954' then 'KS'
        when zip_code <= '69367' then 'NE'
        when zip_code <= '71497' then 'LA'
        when zip_code <= '72642' then 'AR'
        when zip_code <= '72643' then 'MO'
        when zip_code <= '72959' then 'AR'
        when zip_code <= '73199' then 'OK'
        when zip_code <= '73344' then 'TX'
        when zip_code <= '73951' then 'OK'
        when zip_code <= '73960' then 'TX'
        when zip_code <= '74966' then 'OK'
        when zip_code <= '79999' then 'TX'
        when zip_code <= '81658' then 'CO'
        when zip_code <= '83128' then 'WY'
        when zip_code <= '83406' then 'ID'
        when zip_code <= '83414' then 'WY'
        when zip_code <= '83877' then 'ID'
        when zip_code <= '84791' then 'UT'
        when zip_code <= '86556' then 'AZ'
        when zip_code <= '88439' then 'NM'
        when zip_code <= '88595' then 'TX'
        when zip_code <= '88888' then 'DC'
        when zip_code <= '89883' then 'NV'
        when zip_code <= '96162' then 'CA'
        when zip_code <= '96698' then 'AP'
        when zip_code <= '96797' then 'HI'
        when zip_code <= '96799' then 'AS'
        when zip_code <= '96898' then 'HI'
        when zip_code <= '96932' then 'GU'
        when zip_code <= '96940' then 'PW'
        when zip_code <= '96944' then 'FM'
        when zip_code <= '96952' then 'MP'
        when zip_code <= '96970' then 'MH'
        when zip_code <= '97920' then 'OR'
        when zip_code <= '99403' then 'WA'
        when zip_code <= '99950' then 'AK'
    end as zip_code_state_code -- Two-letter code of the state that the zip code lies in; null without one
from stg_property_listings
