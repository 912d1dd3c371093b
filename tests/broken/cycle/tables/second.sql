SELECT *
FROM first
