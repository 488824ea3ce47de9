/*
kind = "view"
family = "personalized_recommendations"
description = "The recommended homes, one a row: what was recommended to whom, when, in which place."
day_of = "recommended_at"
*/
select
    pair_id, -- Names the view and the profile: see personalized_recommendations
    user_id, -- The user
    recommended_at, -- Moment for which it was decided, UTC
    viewed_property_id, -- The property looked at
    home.place as place, -- 1 is the best
    home.property_id as property_id, -- The home
    home.zip_code as zip_code, -- Its five-digit US zip code
    home.price as price, -- Its price then, US dollars
    home.bedrooms as bedrooms, -- Bedrooms
    home.score as score, -- How it fits the profile, 0 to 1000 points
    home.reason as reason -- The same in words
from (
    select
        pair_id,
        user_id,
        recommended_at,
        viewed_property_id,
        unnest(recommendations) as home
    from personalized_recommendations
) as homes
