/* owner: data-platform
   key: ride_id
   at: started           */
SELECT t.ride_id, t.city, t.started, t.fare, r.rider, r.age, r.mail
FROM ride AS t LEFT JOIN rider AS r ON t.rider = r.rider
