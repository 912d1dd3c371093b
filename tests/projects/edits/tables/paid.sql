/* owner: finance
   key: [id]
   required: [id, fare]
   at: started_at        */
SELECT id, email, fare, distance, started_at, note
FROM ride
WHERE status = 'done'
