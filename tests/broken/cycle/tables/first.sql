-- reads the second, which reads it
SELECT * FROM second
