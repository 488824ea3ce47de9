/*
kind = "view"
family = "property_history"
description = "How often each mark was made, by day."
day_of = "day"
*/
select
    date_trunc('day', event_time) as day, -- Day of the marked steps, UTC
    mark, -- Which mark
    count(*) as steps, -- Steps with it
    count(distinct property_id) as properties -- Properties with it
from property_history_marks
group by date_trunc('day', event_time), mark
